"""One run of vLLM on a checkpoint: the child is started, watched, ended; what it left is read."""

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from release.memory.logs import EngineLog, read_log
from release.offline import offline_environment
from release.smoke.account import Account, read_accounts
from release.smoke.causes import Cause, find_cause
from release.smoke.group import Group
from release.smoke.kinds import FIXES, OTHER, SHAPE
from release.smoke.order import Order
from release.smoke.transcript import Transcript, read_transcript

INSIDE = Path(__file__).with_name("inside")
PLUGIN = "release_smoke"
ACCOUNTS = "RELEASE_SMOKE_ACCOUNTS"
DONE, FAILED = "done", "failed"
ASSERTION = "AssertionError"
EXIT_GRACE = 20.0
ENVIRONMENT = {
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
    "VLLM_CONFIGURE_LOGGING": "1",
    "VLLM_LOGGING_PREFIX": "",
}
# We read vLLM's log: it has to say what it says by default, at least.
LEVEL, LEVELS = "VLLM_LOGGING_LEVEL", ("DEBUG", "INFO")
FORMATTED, CHOSEN = "VLLM_LOGGING_CONFIG_PATH", "VLLM_PLUGINS"
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
    cause: Cause | None
    seconds: float
    memory: EngineLog = EngineLog()


class Traces(msgspec.Struct, frozen=True):
    """Where a run leaves what happened: the child's file, the processes' accounts, the log."""

    result: Path
    accounts: Path
    log: Path

    def read(self, ending: "Ending", hide: str) -> Outcome:
        """Read them. In what is returned, `hide` (the checkpoint's path) is its name alone."""
        name = Path(hide).name
        text = self.log.read_text(encoding="utf-8", errors="replace").replace(hide, name)
        result, accounts = Stage(self.result).read(), read_accounts(self.accounts)
        if result.error:
            result = msgspec.structs.replace(result, error=result.error.replace(hide, name))
        return Outcome(
            result,
            accounts,
            read_transcript(text),
            _cause(result, text, ending, accounts),
            ending.seconds,
            read_log(text),
        )


class Ending(msgspec.Struct, frozen=True):
    """How the child ended: its exit code if it did so itself, and after how long."""

    code: int | None
    seconds: float
    in_time: bool = True


def run_engine(python: Path, order: Order, timeout: float, log: Path) -> Outcome:
    """Start the child on an order and wait for it, at most `timeout` seconds.

    The whole log stays in `log`. Raises `ReleaseError` if `python` cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="release-smoke-") as name:
        folder = Path(name)
        traces = Traces(folder / "result.json", folder / "accounts", log)
        traces.accounts.mkdir()
        environment = child_environment(write_plugin(folder))
        environment[ACCOUNTS] = str(traces.accounts)
        if not _parallel(order):
            environment = IN_ONE_PROCESS | environment
        ending = _watch(python, order, timeout, traces, environment)
        return traces.read(ending, order.engine["model"])


def _watch(
    python: Path, order: Order, timeout: float, traces: Traces, environment: dict[str, str]
) -> Ending:
    begun = time.monotonic()
    command = [python, INSIDE / "child.py"]
    message = order.message(str(traces.result))
    stage = Stage(traces.result)
    with Group(command, traces.log, environment, message) as group:
        in_time = group.wait(timeout, until=stage.final)
        if in_time:
            group.wait(EXIT_GRACE)
        code = group.returncode
    return Ending(code, round(time.monotonic() - begun, 2), in_time)


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
        except msgspec.DecodeError as error:
            self.result = Result(stage=FAILED, error=f"ValueError: no result of ours: {error}")
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
    kept = offline_environment()
    kept.pop(FORMATTED, None)
    if kept.get(LEVEL, "").upper() not in LEVELS:
        kept[LEVEL] = LEVELS[-1]
    if CHOSEN in kept:
        kept[CHOSEN] = f"{kept[CHOSEN]},{PLUGIN}"
    paths = [*map(str, first), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | ENVIRONMENT | ({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})


def _parallel(order: Order) -> bool:
    sizes = ("tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size")
    return any(order.engine.get(size, 1) != 1 for size in sizes)


def _cause(result: Result, log: str, ending: Ending, accounts: tuple[Account, ...]) -> Cause | None:
    if result.stage == DONE:
        return None
    if not ending.in_time:
        fix = "raise the time limit, or look in the log for what it waited for"
        line = f"it was ended after {ending.seconds:.0f} s, at stage {result.stage!r}"
        return Cause("timeout", line, fix)
    cause = find_cause(log, [result.error] if result.error else [])
    reading = next((account.last for account in accounts if not account.loaded), None)
    if cause.kind == OTHER and reading and ASSERTION in cause.line:
        # vLLM compares shapes by bare assertions, which name nothing.
        return Cause(SHAPE, f"vLLM refuses the shape of {reading}", FIXES[SHAPE])
    if cause.kind == OTHER and ending.code is not None and ending.code < 0:
        fix = "see the machine's own log: the kernel kills a process when memory is short"
        line = f"it was killed by signal {-ending.code} at stage {result.stage!r}"
        return Cause("killed", line, fix)
    return cause
