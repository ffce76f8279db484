"""One run of vLLM on a checkpoint: the child is started, watched, ended; what it left is read."""

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from release.smoke.account import Account, read_accounts
from release.smoke.causes import OTHER, Cause, find_cause
from release.smoke.group import Group
from release.smoke.order import Order
from release.smoke.transcript import Transcript, read_transcript

INSIDE = Path(__file__).with_name("inside")
PLUGIN = "release_smoke"
DONE, FAILED = "done", "failed"
EXIT_GRACE = 20.0
SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "API_KEY", "CREDENTIAL")
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
}
IN_ONE_PROCESS = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
METADATA = "Metadata-Version: 2.1\nName: release-smoke\nVersion: 1\n"
ENTRY = f"[vllm.general_plugins]\n{PLUGIN} = {PLUGIN}:register\n"


class Reply(msgspec.Struct, frozen=True):
    """What came back for one request; `broken` counts probabilities that are no numbers."""

    name: str
    prompt: str
    prompt_tokens: int
    text: str
    tokens: tuple[int, ...]
    finish: str | None
    logprobs: tuple[float | None, ...]
    broken: int


class Likelihood(msgspec.Struct, frozen=True):
    """A text's log-likelihood in nats (None: not a number), over how many tokens."""

    nats: float | None
    tokens: int


class Result(msgspec.Struct, frozen=True):
    """The child's file: `stage` is how far it came, `seconds` when it reached each stage."""

    stage: str = "not begun"
    seconds: dict[str, float] = {}
    versions: dict[str, str] = {}
    python: str = ""
    device: dict[str, Any] = {}
    arguments: dict[str, Any] = {}
    cache: dict[str, Any] = {}
    max_model_len: int | None = None
    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    graphs: str | None = None
    memory: dict[str, int] | None = None
    answers: tuple[Reply, ...] = ()
    alone: tuple[Reply, ...] = ()
    likelihoods: tuple[Likelihood, ...] = ()
    error: str | None = None


class Outcome(msgspec.Struct, frozen=True):
    """A run that ended. `cause` is None where it did all it was told; `seconds` are wall clock."""

    result: Result
    accounts: tuple[Account, ...]
    transcript: Transcript
    log: str
    cause: Cause | None
    seconds: float


def run_engine(python: Path, order: Order, timeout: float, log: Path, hide: str) -> Outcome:
    """Start the child on an order and wait for it, at most `timeout` seconds.

    The whole log stays in `log`; in what is returned, `hide` (the checkpoint's path) is replaced
    by its name. Raises `ReleaseError` if `python` cannot be started.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="release-smoke-") as name:
        folder = Path(name)
        file, accounts = folder / "result.json", folder / "accounts"
        accounts.mkdir()
        environment = child_environment(write_plugin(folder))
        environment["RELEASE_SMOKE_ACCOUNTS"] = str(accounts)
        if not _parallel(order):
            environment = IN_ONE_PROCESS | environment
        command = [python, INSIDE / "child.py"]
        stage = Stage(file)
        with Group(command, log, environment, order.message(str(file))) as group:
            in_time = group.wait(timeout, until=stage.final)
            group.wait(EXIT_GRACE)
            code = group.returncode
        text = log.read_text(encoding="utf-8", errors="replace").replace(hide, Path(hide).name)
        result = _hidden(stage.read(), hide)
        return Outcome(
            result,
            read_accounts(accounts),
            read_transcript(text),
            text,
            _cause(result, text, code, timeout, in_time=in_time),
            round(time.monotonic() - begun, 2),
        )


class Stage:
    """The child's file, decoded only when it has changed."""

    def __init__(self, file: Path) -> None:
        self.file, self.seen, self.result = file, -1, Result()

    def read(self) -> Result:
        """Give the newest result; one that never began where there is no file yet."""
        try:
            changed = self.file.stat().st_mtime_ns
            if changed != self.seen:
                self.result = msgspec.json.decode(self.file.read_bytes(), type=Result)
                self.seen = changed
        except FileNotFoundError:
            pass
        return self.result

    def final(self) -> bool:
        """Whether the child has nothing more to say."""
        return self.read().stage.startswith((DONE, FAILED))


def write_plugin(folder: Path) -> Path:
    """Put the plugin and its entry point where vLLM's processes will find them."""
    place = folder / "plugin"
    metadata = place / f"{PLUGIN}-1.dist-info"
    metadata.mkdir(parents=True)
    shutil.copy(INSIDE / f"{PLUGIN}.py", place)
    (metadata / "METADATA").write_text(METADATA, encoding="utf-8")
    (metadata / "entry_points.txt").write_text(ENTRY, encoding="utf-8")
    return place


def child_environment(*first: Path) -> dict[str, str]:
    """Give our environment without secrets, nothing from the network, `first` on its path."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not any(word in name.upper() for word in SECRET_WORDS)
    }
    paths = [*map(str, first), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | ENVIRONMENT | ({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})


def _parallel(order: Order) -> bool:
    sizes = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")
    return any(order.engine.get(size, 1) != 1 for size in sizes)


def _cause(
    result: Result, log: str, code: int | None, timeout: float, *, in_time: bool
) -> Cause | None:
    if result.stage == DONE:
        return None
    if not in_time:
        fix = "raise the time limit, or look in the log for what it waited for"
        line = f"it was ended after {timeout:.0f} s, at stage {result.stage!r}"
        return Cause("timeout", line, fix)
    cause = find_cause(log, [result.error] if result.error else [])
    if cause.kind == OTHER and code is not None and code < 0:
        fix = "see the machine's own log: the kernel kills a process when memory is short"
        return Cause("killed", f"it was killed by signal {-code} at stage {result.stage!r}", fix)
    return cause


def _hidden(result: Result, path: str) -> Result:
    if result.error is None:
        return result
    return msgspec.structs.replace(result, error=result.error.replace(path, Path(path).name))
