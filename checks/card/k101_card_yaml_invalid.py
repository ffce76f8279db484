"""The card has no header that the Hub can read, or one with values that it refuses.

What it checks: the YAML between the first two `---`: that it parses, names a licence and a task
    that the Hub knows, a base model as owner/name, `base_model_relation: quantized`, and tags as a
    list.
Why it matters: without it the page has no licence, no link to the base model and no snippet; the
    Hub refuses the commit where a value is not of its lists.
How to fix: correct the header; `release card` writes one from release.toml.
Seen in: quantized models that the Hub shows as fine-tunes, because nothing said how they were made.
"""

import re
from collections.abc import Iterator
from typing import Any

from release.audit.page import Page
from release.audit.vocabulary import Vocabulary
from release.rules import Findings, Found, Where, rule

REPO = re.compile(r"[\w.-]+/[\w.-]+")
RELATIONS = ("quantized", "finetune", "adapter", "merge")


@rule(since="0.1.0")
def check(page: Page, vocabulary: Vocabulary) -> Findings:
    """Report the first thing that keeps the header from being read, or each value."""
    fix = "write it as `release card` does"
    if page.header is None:
        where = Where(file=page.name, line=1)
        yield Found(where, "there is no YAML header", fix, severity="warning")
        return
    if isinstance(page.header, str):
        yield Found(Where(file=page.name, line=1), f"the YAML header: {page.header}", fix)
        return
    for key, what, severity in _problems(page.header, vocabulary):
        where = Where(file=page.name, path=key, line=page.line_of(key))
        yield Found(where, what, fix, severity=severity)


def _problems(header: dict[str, Any], words: Vocabulary) -> Iterator[tuple[str, str, str]]:
    licenses, tasks = words.licenses.split(), words.tasks.split()
    license_, task = header.get("license"), header.get("pipeline_tag")
    if license_ is None:
        yield "license", "no licence is given", "error"
    elif not set(_texts(license_)) <= set(licenses):
        yield "license", f"{license_!r:.60} is no licence that the Hub knows", "error"
    if task is not None and task not in tasks:
        yield "pipeline_tag", f"{task!r:.60} is no task that the Hub knows", "error"
    bases = _texts(header.get("base_model") or [])
    if not bases:
        yield "base_model", "no base model is named", "warning"
    yield from (
        ("base_model", f"{base!r:.80} is not owner/name", "error")
        for base in bases
        if not REPO.fullmatch(base)
    )
    relation = header.get("base_model_relation")
    if relation is None and bases:
        what = "is not given: the Hub guesses, and takes the model for a fine-tune"
        yield "base_model_relation", what, "warning"
    elif relation is not None and relation not in RELATIONS:
        yield "base_model_relation", f"{relation!r:.60} is none of {', '.join(RELATIONS)}", "error"
    elif relation not in (None, "quantized"):
        yield "base_model_relation", f"is {relation!r}, the checkpoint is quantized", "error"
    tags = header.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        yield "tags", "is not a list of words", "error"


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(entry) for entry in values]
