"""The checkpoint asks for code of its own.

What it checks: every entry of `auto_map` (config, tokenizer, processors) names a class, and a
    Python file that is here and speaks of it; an entry with `--` names code of another
    repository, which can change.
Why it matters: readers run it, if told to trust it. Where transformers knows the class itself, the
    entry is a leftover of the base model and does no harm unless its file is missing.
How to fix: copy the Python files of the base model, or remove auto_map.
Seen in: exports that kept the base model's auto_map and lost its code.
"""

import re
from collections.abc import Iterator
from typing import Any

from release.architecture import ModelConfig
from release.facts.documents import PREPROCESSOR, PROCESSOR, Documents
from release.facts.known import Known
from release.facts.texts import Texts
from release.facts.tokenizer import SETTINGS_FILE, Tokenizer
from release.rules import Findings, Found, Where, rule

CONFIG = "config.json"
KEY = "auto_map"


@rule(since="0.1.0", severity="warning")
def check(
    config: ModelConfig, tokenizer: Tokenizer, documents: Documents, known: Known, texts: Texts
) -> Findings:
    """Judge each entry once; the class decides whether it is needed."""
    sources = {
        CONFIG: config.raw,
        SETTINGS_FILE: tokenizer.settings,
        PREPROCESSOR: documents.values.get(PREPROCESSOR, {}),
        PROCESSOR: documents.values.get(PROCESSOR, {}),
    }
    needed = config.architecture not in known.architectures
    for file, settings in sources.items():
        value = settings.get(KEY)
        if value and not isinstance(value, dict):
            yield _no_map(Where(file=file, path=KEY), value)
        for key, reference in _entries(value):
            where = Where(file=file, path=f"{KEY}.{key}")
            yield _judge(where, reference, documents.names, needed)
            if isinstance(reference, str) and "--" not in reference:
                yield from _class(where, reference, texts)


def _no_map(where: Where, value: Any) -> Found:
    message = f"{value!r:.60} does not name a class as file.Class"
    return Found(where, message, "copy it from the base model, or remove auto_map")


def _class(where: Where, reference: str, texts: Texts) -> Findings:
    """A name that is nowhere in its file is not defined there, nor imported."""
    module, _, name = reference.rpartition(".")
    text = texts.files.get(f"{module}.py")
    if text is not None and not re.search(rf"\b{re.escape(name)}\b", text):
        message = f"{module}.py does not speak of {name!r:.60}"
        yield Found(where, message, "copy the file that has it from the base model")


def _judge(where: Where, reference: Any, names: frozenset[str], needed: bool) -> Found:
    if not isinstance(reference, str) or reference.rpartition("--")[2].count(".") != 1:
        return _no_map(where, reference)
    repository, foreign, rest = reference.rpartition("--")
    module = f"{rest.partition('.')[0]}.py"
    if foreign:
        message = f"takes code from the repository {repository!r:.80}"
        return Found(where, message, "copy the code, or pin and name its revision")
    if module not in names:
        message = f"names {module[:80]}, which is not here"
        fix = "copy it from the base model, or remove auto_map"
        return Found(where, message, fix, "error" if needed else "warning")
    message = f"{module[:80]} runs with trust_remote_code"
    fix = "say so on the card" if needed else "remove auto_map: readers know the class"
    return Found(where, message, fix, "warning" if needed else "info")


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Name and reference; tokenizers have a list of a slow and a fast class."""
    for key, entry in value.items() if isinstance(value, dict) else []:
        for reference in entry if isinstance(entry, list) else [entry]:
            if reference is not None:
                yield key, reference
