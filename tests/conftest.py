"""The good checkpoints, drafts of them, one rule at a time, and the tool as a user runs it."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from release.checkpoint import open_checkpoint
from release.facts import Facts, Level
from release.rules import Finding
from release.rules.catalogue import find_rule, select_rules
from release.rules.runner import NotChecked, run_rules
from tests.mutate import Draft
from tests.warm import warm_python
from tests.warm.tool import COLD, warm

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "release" / "demo" / "checkpoint"
CHECKPOINTS = ROOT / "tests" / "checkpoints"
SCHEMAS = ROOT / "release" / "schemas"
BASES = ROOT / "tests" / "bases"
GOOD = [DEMO, *sorted(path for path in CHECKPOINTS.glob("*") if path.is_dir())]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files with slow tests begin: what is quick fills the gap at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


# What a push in this process writes down for the next is nobody's but the tests'.
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="release-tests-")

# Every server of the tests is on 127.0.0.1 and without TLS: clients read one certificate, of
# nobody, instead of the machine's hundreds, which takes as long as half a push.
os.environ.pop("SSL_CERT_DIR", None)
os.environ["SSL_CERT_FILE"] = str(ROOT / "tests" / "fixtures" / "nobody.pem")

Drafts = Callable[[str], Draft]
Judge = Callable[[str, Draft], list[str]]
Compare = Callable[..., list[str]]


@pytest.fixture
def draft(tmp_path: Path) -> Drafts:
    """Copy a good checkpoint by name ("demo", or a folder of tests/checkpoints) to change it."""
    numbers = count()

    def make(name: str) -> Draft:
        source = DEMO if name == "demo" else CHECKPOINTS / name
        return Draft(source, tmp_path / f"draft-{next(numbers)}")

    return make


@pytest.fixture
def mixed(draft: Drafts) -> Draft:
    """A copy of the demo: Qwen3.5 hybrid with vision, FP8 + NVFP4 + BF16, three shards."""
    return draft("demo")


def judge_one(code: str, path: Path) -> tuple[tuple[Finding, ...], tuple[NotChecked, ...]]:
    """Run one rule over a checkpoint's headers and side files."""
    facts = Facts({"checkpoint": open_checkpoint(path)}, Level.BYTES)
    verdicts = run_rules([find_rule(code).load()], facts)
    return verdicts.findings, verdicts.not_checked


@pytest.fixture
def findings() -> Judge:
    """Judge a draft by one rule: its findings as `severity place`."""

    def judge(code: str, draft: Draft) -> list[str]:
        found, skipped = judge_one(code, draft.path)
        assert not skipped, f"{code} was not checked: {skipped[0].reason}"
        return [f"{finding.severity} {finding.where}" for finding in found]

    return judge


@pytest.fixture
def messages() -> Judge:
    """Judge a draft by one rule: what its findings say."""
    return lambda code, draft: [finding.message for finding in judge_one(code, draft.path)[0]]


@pytest.fixture
def base(tmp_path: Path) -> Drafts:
    """Copy a base by name (a folder of tests/bases) to change it."""
    numbers = count()
    return lambda name: Draft(BASES / name, tmp_path / f"base-{next(numbers)}")


@pytest.fixture
def compare() -> Compare:
    """Judge a draft by every B rule against a base: its findings as `CODE severity place`."""
    rules = [rule.load() for rule in select_rules(("B",), ())]

    def judge(draft: Draft, base: Draft | str, *, words: bool = False) -> list[str]:
        place = BASES / base if isinstance(base, str) else base.path
        given = {"checkpoint": open_checkpoint(draft.path), "base": open_checkpoint(place)}
        verdicts = run_rules(rules, Facts(given, Level.BASE))
        assert not verdicts.not_checked, verdicts.not_checked[0].reason
        return [
            f.message if words else f"{f.rule} {f.severity} {f.where}" for f in verdicts.findings
        ]

    return judge


MANIFEST = """
repo = "acme/tiny-NVFP4"
license = "apache-2.0"
serve-args = ["--max-model-len", "2048"]

[base]
model = "acme/tiny"
revision = "0123456789abcdef0123456789abcdef01234567"
"""

Run = Callable[..., subprocess.CompletedProcess[str]]

VLLM_PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
VLLM_SHIM = ROOT / "tests" / "vllm"


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Run a Python script with the real vLLM for CPUs: `make test` installs it."""
    assert VLLM_PYTHON.exists(), "run `make .venv-vllm/ready`"
    environment = {**os.environ, "PYTHONPATH": str(VLLM_SHIM), "HF_HUB_OFFLINE": "1"}
    environment |= {"VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "ERROR"}
    packages = ("vllm.engine.arg_utils", "vllm.model_executor.models.registry")
    folder = tmp_path_factory.mktemp("vllm")
    with warm_python(folder, VLLM_PYTHON, packages, environment) as python:

        def call(*args: object) -> subprocess.CompletedProcess[str]:
            command = [str(python), *map(str, args)]
            return subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False
            )

        yield call


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the tool as a user does: a child process in a folder of its own."""
    home = tmp_path / "work"
    home.mkdir()

    def call(
        *args: object, cwd: Path = home, stdin: str | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        # What a process reads before it runs.
        start = COLD if any(name.startswith(("PYTHON", "LD_")) for name in env) else warm()
        command = [*start, *map(str, args)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **env}
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        report = cwd / ".release" / "report.json"
        if args[:1] == ("verify",) and report.is_file():
            check_report(report)
        return done

    return call


def check_report(report: Path) -> None:
    """Hold a report against the schema that ships."""
    import jsonschema  # noqa: PLC0415 - for tests that write reports

    schema = json.loads((SCHEMAS / "report.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    error = jsonschema.exceptions.best_match(validator.iter_errors(json.loads(report.read_text())))
    if error is not None:
        raise error
