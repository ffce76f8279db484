"""Whether the Hub takes the header of a card; judged here, without asking it."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from release.audit.vocabulary import vocabulary
from release.errors import ReleaseError
from release.manifest import Manifest

SERVED = ("text-generation", "image-text-to-text")  # tasks whose page offers vLLM
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?|multilingual|code")
TAG = re.compile(r"[^\s,][^\n,]{0,95}")
LINK = re.compile(r"https?://\S+|LICEN[CS]E(\.\w+)?")
NAME = re.compile(r"[A-Za-z0-9][\w.+-]{0,95}")
REVISION = re.compile(r"(?!(main|master|HEAD)$)[\w.-]+")


def require_header(manifest: Manifest) -> None:
    """Raise `ReleaseError` for the first field that the Hub would refuse, or misread."""
    for what, hint in _problems(manifest):
        raise ReleaseError(what, where="release.toml", hint=hint)


def _problems(manifest: Manifest) -> Iterator[tuple[str, str]]:
    words = vocabulary()
    licenses, tasks = words.licenses.split(), words.tasks.split()
    task = manifest.card.pipeline_tag
    if manifest.license not in licenses:
        other = f"or 'other' with license-name and license-link (list of {words.as_of})"
        near = _near(manifest.license, licenses)
        yield f"license {manifest.license!r:.60} is none that the Hub knows", f"{near}{other}"
    if task is not None and task not in tasks:
        near = _near(task, tasks) or f"as {SERVED[0]!r}"
        yield f"card.pipeline-tag {task!r:.60} is no task of the Hub", near.rstrip(", ")
    yield from _texts(manifest)


def _texts(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Fields that are free, but not in form."""
    checks = [
        ("license-name", manifest.license_name, NAME, "as in 'acme-community-1.0'"),
        ("license-link", manifest.license_link, LINK, "an address, or LICENSE in the repository"),
        ("base.revision", manifest.base.revision, REVISION, "the commit: a branch moves"),
        ("quantized-by", manifest.quantized_by, TAG, "a name"),
        *(("card.language", code, LANGUAGE, "codes as in 'en'") for code in manifest.card.language),
        *(("card.tags", tag, TAG, "words") for tag in manifest.card.tags),
    ]
    for key, text, form, hint in checks:
        if text is not None and not (form.fullmatch(text) and text.isprintable()):
            yield f"{key} {text!r:.60} is not of the form that the Hub takes", hint


def _near(word: str, known: list[str]) -> str:
    near = get_close_matches(word.lower(), known, 1, cutoff=0.6)
    return f"did you mean {near[0]!r}?, " if near else ""
