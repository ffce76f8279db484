"""A runner for composite actions: reads action.yml, and runs its steps as GitHub's runner does.

Expressions are those that the action uses, and no others: a new one fails here, not at a user's.
"""

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

BASH = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_COMPARISON = re.compile(r"(?P<left>[\w.-]+) (?P<operator>==|!=) '(?P<right>[^']*)'")

Start = Callable[[list[str], dict[str, str], Path], "subprocess.CompletedProcess[str]"]


class Ended(msgspec.Struct, frozen=True):
    """What is left of a step."""

    outcome: str
    code: int = 0
    log: str = ""
    outputs: Mapping[str, str] = {}


class Job(msgspec.Struct):
    """One use of an action in a job."""

    action: Path
    inputs: Mapping[str, str]
    workspace: Path
    temporary: Path
    environment: Mapping[str, str]
    steps: dict[str, Ended] = {}
    preset: dict[str, dict[str, str]] = {}
    """Outputs of steps that were run before, once for many jobs."""

    @property
    def description(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((self.action / "action.yml").read_text())
        return found

    @property
    def log(self) -> str:
        return "".join(step.log for step in self.steps.values())

    @property
    def summary(self) -> str:
        path = self.temporary / "summary.md"
        return path.read_text() if path.exists() else ""

    @property
    def failed(self) -> bool:
        return any(step.outcome == "failure" for step in self.steps.values())

    @property
    def outputs(self) -> dict[str, str]:
        return {
            name: self._fill(entry["value"]) for name, entry in self.description["outputs"].items()
        }

    def run(self, start: Start | None = None) -> "Job":
        """Run every step in order, whatever became of those before, as its `if` says."""
        self.temporary.mkdir(exist_ok=True)
        (self.temporary / "summary.md").unlink(missing_ok=True)
        for step in self.description["runs"]["steps"]:
            if step["id"] in self.preset:
                self.steps[step["id"]] = Ended("success", outputs=self.preset[step["id"]])
                continue
            if not self._wanted(step.get("if", "success()")):
                self.steps[step["id"]] = Ended("skipped")
                continue
            self.steps[step["id"]] = self._run(step, start or _start)
        return self

    def _run(self, step: dict[str, Any], start: Start) -> Ended:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "inputs reach a script by its environment only"
        script = self.temporary / f"{step['id']}.sh"
        script.write_text(step["run"])
        written = self.temporary / f"{step['id']}.outputs"
        written.write_text("")
        environment = {
            **self.environment,
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_OUTPUT": str(written),
            "GITHUB_STEP_SUMMARY": str(self.temporary / "summary.md"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temporary),
            **{name: self._fill(text) for name, text in step.get("env", {}).items()},
        }
        done = start([*BASH, str(script)], environment, self.workspace)
        outcome = "failure" if done.returncode else "success"
        return Ended(outcome, done.returncode, done.stdout, _read_outputs(written.read_text()))

    def _wanted(self, condition: str) -> bool:
        terms = condition.split(" && ")
        if "always()" not in terms and self.failed:
            return False
        return all(self._holds(term) for term in terms if term not in {"always()", "success()"})

    def _holds(self, term: str) -> bool:
        match = _COMPARISON.fullmatch(term)
        assert match, term
        return (self._value(match["left"]) == match["right"]) == (match["operator"] == "==")

    def _fill(self, text: str) -> str:
        return _EXPRESSION.sub(lambda match: self._value(match[1]), text)

    def _value(self, expression: str) -> str:
        given: dict[str, str] = {
            name: self.inputs.get(name, entry["default"])
            for name, entry in self.description["inputs"].items()
        }
        if expression == "toJSON(inputs)":
            return json.dumps(given, indent=2)
        found, otherwise, literal = expression.partition(" || ")
        if otherwise:
            return self._value(found) or literal.strip("'")
        context, _, rest = expression.partition(".")
        if context == "inputs":
            return given[rest]
        assert context == "steps", expression
        name, _, what = rest.partition(".")
        step = self.steps.get(name, Ended("skipped"))
        if what == "outcome":
            return step.outcome
        assert what.startswith("outputs."), expression
        return step.outputs.get(what.removeprefix("outputs."), "")


def _start(
    command: list[str], environment: dict[str, str], folder: Path
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _read_outputs(text: str) -> dict[str, str]:
    """Read a file of outputs, both forms: `name=value`, and between two marks."""
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, marked, mark = line.partition("<<")
        if not marked:
            name, equals, value = line.partition("=")
            assert equals, line
            outputs[name] = value
            continue
        outputs[name] = "\n".join(iter(lambda: next(lines), mark))
    return outputs


def machine(home: Path) -> dict[str, str]:
    """The environment of a fresh runner: nothing of the Hub, nothing of this job's own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"HOME": str(home), "NO_COLOR": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
