"""The files that a card brings along: results that the Hub reads, pictures that it shows."""

from datetime import UTC, datetime

from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

from release.card.evaluation import Evaluated
from release.card.profiles import Advertised
from release.errors import ReleaseError
from release.facts.identity import REQUESTS_FILE, RESULTS_FILE, WEIGHTS_FILE
from release.manifest import Manifest
from release.tables import Reported
from release.tables.pictures import requests_picture, weights_picture

MARK = "written by release card"


def card_files(
    facts: Reported, manifest: Manifest, evaluated: Evaluated, advertised: Advertised
) -> dict[str, str]:
    """The text of each file by its path in the repository. Raises `ReleaseError`."""
    weights = weights_picture(facts)
    found = {
        WEIGHTS_FILE: weights,
        REQUESTS_FILE: requests_picture(advertised.fits) if advertised.fits else None,
    }
    files = {path: f"{text}<!-- {MARK} -->\n" for path, text in found.items() if text}
    results = _results(manifest, evaluated)
    return files | ({RESULTS_FILE: results} if results else {})


def _results(manifest: Manifest, evaluated: Evaluated) -> str | None:
    """The scores that are benchmarks of the Hub's, in its format; percents as its boards show."""
    import yaml  # noqa: PLC0415 - not needed by most cards

    entries = []
    scores = {(c.score.task, c.score.metric): c for c in evaluated.claims}
    for task, benchmark in manifest.benchmarks.items():
        claim = scores.get((task, benchmark.metric))
        if claim is None:
            what = f"benchmarks.{task}: no result has {task!r} with {benchmark.metric!r}"
            known = ", ".join(sorted(f"{task}: {metric}" for task, metric in scores))
            raise ReleaseError(what, where="release.toml", hint=f"there are {known or 'none'}")
        if claim.other:
            what = f"benchmarks.{task}: the result is {claim.problem}"
            raise ReleaseError(what, where="release.toml", hint="evaluate this checkpoint")
        if claim.score.n is None:
            what = f"benchmarks.{task}: the result states no n"
            raise ReleaseError(what, where="release.toml", hint="a claim needs one")
        entries.append(
            EvalResultEntry(
                dataset_id=benchmark.dataset,
                task_id=benchmark.task_id,
                value=round(100 * claim.score.value, 2),
                date=_date(evaluated),
                notes=f"lm-eval, {claim.score.metric}, n={claim.score.n}",
            )
        )
    if not entries:
        return None
    text = yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False)
    return f"# {MARK}\n{text}"


def _date(evaluated: Evaluated) -> str | None:
    date = evaluated.runs[0].date if evaluated.runs else None
    return datetime.fromtimestamp(date, UTC).date().isoformat() if date else None
