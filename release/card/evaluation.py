"""Results of lm-eval as claims: against the base, with n and error, or marked as less."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

import msgspec

from release.card.beside import read_beside
from release.card.measured import is_other, is_same, measured
from release.errors import ReleaseError
from release.manifest import Manifest
from release.manifest.tables import Evaluation
from release.tables import Table

RESULTS_CAP = 64 << 20  # bytes
STDERR = "_stderr"
MOST_PARTS, DEEPEST = 1000, 4  # of a group of tasks
LOWER = re.compile(r"(?:^|[\W_])(?:\w*perplexity|ppl|bits_per_byte|loss|error_rate|wer)(?:$|[\W_])")
LARGEST = 1e300
OTHER = "of another model"
SURE = 2.0  # standard errors of the difference


class Score(msgspec.Struct, frozen=True):
    """One metric of one task, and what it was measured under. `n` counts samples."""

    task: str
    metric: str
    value: float
    stderr: float | None
    n: int | None
    conditions: dict[str, Any]
    higher: bool


class Run(msgspec.Struct, frozen=True):
    """A run of lm-eval: `model` as the run itself calls it, scores by task and metric."""

    model: str
    version: str | None
    date: float | None
    scores: dict[tuple[str, str], Score]


class Claim(msgspec.Struct, frozen=True):
    """A score beside the base's. `problem` says why nothing follows from the two.

    `other` says that the score is another model's.
    """

    score: Score
    base: Score | None
    problem: str | None
    other: bool = False

    @property
    def recovery(self) -> float | None:
        """The share of the base's score that is left; where less is better, turned around."""
        if self.base is None or self.problem:
            return None
        part, whole = self.score.value, self.base.value
        if not self.score.higher:
            part, whole = whole, part
        return part / whole if whole > 0 else None

    @property
    def distance(self) -> float | None:
        """The difference in standard errors of it, positive where the base is better."""
        base, score = self.base, self.score
        if base is None or self.problem or score.stderr is None or base.stderr is None:
            return None
        error = math.hypot(score.stderr, base.stderr)
        difference = base.value - score.value if score.higher else score.value - base.value
        return difference / error if error else None


class Evaluated(msgspec.Struct, frozen=True):
    """Every claim of a manifest, and who made them with what."""

    claims: tuple[Claim, ...] = ()
    runs: tuple[Run, ...] = ()
    notes: tuple[str, ...] = ()


def evaluate(manifest: Manifest, home: Path) -> Evaluated:
    """Read the results that a manifest names. Raises `ReleaseError` where they are no results."""
    claims: list[Claim] = []
    runs: list[Run] = []
    for entry in manifest.evaluation:
        run = read_run(home, entry.results)
        base = read_run(home, entry.base) if entry.base else None
        if base is not None and base.model == run.model:
            what = f"is a run of {base.model!r:.80} too: a base is another model"
            raise ReleaseError(what, where=entry.base or "")
        problem = _of_another(manifest, run, base, entry)
        claims += [_claim(score, base, problem) for score in run.scores.values()]
        runs += [run] if base is None else [run, base]
    notes = tuple(entry.note for entry in manifest.evaluation if entry.note)
    return Evaluated(tuple(claims), tuple(runs), notes)


def _of_another(manifest: Manifest, run: Run, base: Run | None, entry: Evaluation) -> str | None:
    """Why two runs say nothing of this checkpoint. Raises `ReleaseError` for the base's own."""
    original = manifest.base.model
    own = (manifest.repo, manifest.checkpoint)
    if is_same(run.model, original) and is_other(run.model, *own):
        raise ReleaseError(
            f"is a run of the base model, {run.model:.80}",
            where=entry.results,
            hint="name it as `base`, and a run of this checkpoint as `results`",
        )
    if is_other(run.model, *own):
        return f"{OTHER}: the run names {run.model:.80}"
    if base is not None and is_other(base.model, original):
        return f"not comparable: the base run names {base.model:.80}"
    return None


def evaluation_table(claims: tuple[Claim, ...]) -> Table | None:
    """A row a claim; recovery only where base and quantized were measured alike."""
    if not claims:
        return None
    columns = ("Task", "Metric", "n", "Score", "Base", "Recovery", "Meaning")
    rows = tuple(
        (
            claim.score.task,
            claim.score.metric,
            f"{claim.score.n:,}" if claim.score.n is not None else "not stated",
            _value(claim.score),
            _value(claim.base) if claim.base else "no base run",
            f"{100 * claim.recovery:.1f}%" if claim.recovery is not None else "not claimed",
            _meaning(claim),
        )
        for claim in claims
    )
    note = "± is one standard error; lm-eval's own figures"
    return Table("Evaluation", columns, rows, frozenset({2, 3, 4, 5}), (), note)


def read_run(home: Path, name: str) -> Run:
    """Read the JSON that lm-eval writes. Raises `ReleaseError`."""
    try:
        raw = json.loads(read_beside(home, name, RESULTS_CAP))  # lm-eval writes NaN
    except (ValueError, RecursionError) as error:
        raise ReleaseError(f"is not JSON: {error}", where=name) from None
    results = raw.get("results") if isinstance(raw, dict) else None
    if not isinstance(results, dict) or not results:
        hint = "name the results_*.json that lm-eval writes with --output_path"
        raise ReleaseError("has no results of lm-eval", where=name, hint=hint)
    scores = {
        (score.task, score.metric): score
        for task, metrics in _outermost(results, raw).items()
        for score in _scores(task, metrics, raw)
    }
    if not scores:
        raise ReleaseError("holds no score", where=name)
    version, date = raw.get("lm_eval_version"), raw.get("date")
    return Run(
        model=measured(raw),
        version=version if isinstance(version, str) else None,
        date=date if isinstance(date, float | int) and not isinstance(date, bool) else None,
        scores=scores,
    )


def _outermost(results: dict[str, Any], raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Groups, and the tasks that are in none: the 57 parts of MMLU are one row."""
    groups = raw.get("groups")
    found = results | (groups if isinstance(groups, dict) else {})
    parts = {part for name in found for part in _parts(name, raw)}
    return {
        name: metrics
        for name, metrics in found.items()
        if isinstance(metrics, dict) and name not in parts
    }


def _parts(group: str, raw: dict[str, Any]) -> list[str]:
    parts = _of(raw, "group_subtasks", group)
    return [part for part in parts if isinstance(part, str)] if isinstance(parts, list) else []


def _samples(task: str, metrics: dict[str, Any], raw: dict[str, Any], depth: int = 0) -> Any:
    """How many samples a score is over; those of a group are those of its parts."""
    stated = _of(raw, "n-samples", task)
    if isinstance(stated, dict):
        return stated.get("effective")
    if "sample_len" in metrics:
        return metrics["sample_len"]
    if depth == DEEPEST:
        return None
    counts = [_samples(part, {}, raw, depth + 1) for part in _parts(task, raw)[:MOST_PARTS]]
    return sum(counts) if counts and all(type(count) is int for count in counts) else None


def _scores(task: str, metrics: dict[str, Any], raw: dict[str, Any]) -> Iterator[Score]:
    """The scores of a task: keys are `metric,filter`, each with a standard error beside it."""
    n = _samples(task, metrics, raw)
    higher = _of(raw, "higher_is_better", task)
    config = raw.get("config") if isinstance(raw.get("config"), dict) else {}
    conditions = {
        "n": n,
        "few-shot examples": _of(raw, "n-shot", task),
        "the version of the task": _of(raw, "versions", task),
        "limit": (config or {}).get("limit"),
        "the chat template": bool(raw.get("chat_template")),
        "the system instruction": raw.get("system_instruction"),
        "the samples": _of(raw, "task_hashes", task),
    }
    for key, value in metrics.items():
        name, _, filtered = key.partition(",")
        if not _is_number(value) or name.endswith(STDERR) or not filtered:
            continue
        error = metrics.get(f"{name}{STDERR},{filtered}")
        yield Score(
            task=task,
            metric=name if filtered == "none" else f"{name}, {filtered}",
            value=float(value),
            stderr=float(error) if _is_number(error) and error >= 0 else None,
            n=n if type(n) is int and n > 0 else None,
            conditions=conditions,
            higher=_is_higher(higher, name),
        )


def _is_higher(stated: Any, name: str) -> bool:
    """Whether more of a metric is better, as the file says, else as its name does."""
    if isinstance(stated, dict) and type(said := stated.get(name)) is bool:
        return said
    return LOWER.search(name.lower()) is None


def _of(raw: dict[str, Any], table: str, task: str) -> Any:
    found = raw.get(table)
    return found.get(task) if isinstance(found, dict) else None


def _is_number(value: Any) -> TypeGuard[float]:
    is_one = isinstance(value, int | float) and type(value) is not bool
    return is_one and -LARGEST < value < LARGEST


def _claim(score: Score, base: Run | None, problem: str | None) -> Claim:
    if problem:
        return Claim(score, None, problem, other=problem.startswith(OTHER))
    if score.n is None:
        return Claim(score, None, "no n, no claim")
    if base is None:
        return Claim(score, None, None)
    other = base.scores.get((score.task, score.metric))
    if other is None:
        return Claim(score, None, "the base was not measured in this")
    differing = [
        name
        for name, value in score.conditions.items()
        if other.conditions[name] != value
        and not (name == "the samples" and None in {value, other.conditions[name]})
    ]
    return Claim(
        score, other, f"not comparable: not the same in {differing[0]}" if differing else None
    )


def _value(score: Score) -> str:
    error = f" ± {score.stderr:.4f}" if score.stderr is not None else ""
    return f"{score.value:.4f}{error}"


def _meaning(claim: Claim) -> str:
    """What the two scores say, in words."""
    if claim.problem:
        return claim.problem
    if claim.base is None:
        return "says nothing of what quantization cost"
    distance = claim.distance
    if distance is None:
        stated = claim.score.stderr is not None and claim.base.stderr is not None
        return "an error of 0 on both sides says nothing" if stated else "error not stated"
    if abs(distance) < SURE:
        return "no difference that n can show"
    if distance > 0:
        return f"worse by {distance:.1f} standard errors"
    return f"better than its base by {-distance:.1f} standard errors: look for the reason"
