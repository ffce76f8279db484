"""The options that a log states: as the arguments that vLLM repeats, and as it settled them."""

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from release.errors import ReleaseError
from release.memory.effects import HARMLESS, MEASURED, UNMODELLED
from release.memory.nested import COMPILATION, DRAFT, LIMITS, fields_of
from release.memory.options import Options

GIVEN = "non-default args: "
MOST = 20_000  # characters of the arguments
OBJECTS = re.compile(r"<[^<>]*>|\b[A-Za-z_]\w*\([^()]*\)")
# What the engine's first line, the scheduler and an error say; settled, whether given or not.
SETTLED: dict[str, str] = {
    "tensor_parallel_size": r"\btensor_parallel_size=(\d+)",
    "pipeline_parallel_size": r"\bpipeline_parallel_size=(\d+)",
    "max_num_seqs": r"max_num_seqs \((\d+)\) exceeds",
    "max_num_batched_tokens": r"max_num_batched_tokens=(\d+)",
    "kv_cache_dtype": r"\bkv_cache_dtype=([a-z]\w*)",
    "enforce_eager": r"\benforce_eager=(True|False)",
}
UNUSUAL = ("decode_context_parallel_size", "prefill_context_parallel_size")


class Stated(msgspec.Struct, frozen=True):
    """Options by a log; `complete` says that it repeats the arguments, so others are defaults.

    `unmodelled` names what it has on and we have no model of. `rest` are words of which we have
    none either, but which leave the cache's layout as it is: the log has measured what they change.
    """

    model: str | None = None
    options: Options = Options()
    complete: bool = False
    unmodelled: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()


def read_arguments(text: str) -> Stated:
    """Read the options of one engine start."""
    given = _given(text)
    known = {
        field: value
        for field, value in (given or {}).items()
        if field in Options.__struct_fields__ and _fits(field, value)
    }
    known |= _nested(given or {})
    for field, pattern in SETTLED.items():
        found = re.search(pattern, text)
        if found and field not in known:
            known[field] = found[1].lower() if field == "enforce_eager" else found[1]
    others = {f"--{key.replace('_', '-')}": value for key, value in (given or {}).items() if value}
    others = {
        name: value
        for name, value in others.items()
        if name in UNMODELLED and str(value) not in HARMLESS.get(name, ())
    }
    unusual = {name for name in UNUSUAL if re.search(rf"{name}=(?:[2-9]|\d\d)", text)}
    if (given or {}).get(_key(DRAFT)) and "speculative_tokens" not in known:
        unusual.add(_key(DRAFT))
    rest = [_words(name, value) for name, value in sorted(others.items()) if name in MEASURED]
    model = (given or {}).get("model", (given or {}).get("model_tag"))
    return Stated(
        model=model if isinstance(model, str) else None,
        options=msgspec.convert(known, Options, strict=False),
        complete=given is not None,
        unmodelled=tuple(sorted((others.keys() - MEASURED - {DRAFT}) | unusual)),
        rest=tuple(word for words in rest for word in words),
    )


def _words(name: str, value: Any) -> list[str]:
    if value is True:
        return [name]
    return [name, json.dumps(value) if isinstance(value, dict) else str(value)]


def _given(text: str) -> dict[str, Any] | None:
    """The arguments that vLLM prints as a Python dict, also where something is added after it."""
    start = text.rfind(GIVEN)
    if start < 0:
        return None
    line = text[start + len(GIVEN) : start + MOST].partition("\n")[0]
    end = line.rfind("}")
    while end > 0:
        value = _literal(line[: end + 1])
        if value is not None:
            return value
        end = line.rfind("}", 0, end)
    return None


def _literal(text: str) -> dict[str, Any] | None:
    """Read a dict; values that are no literals, as objects of vLLM's, become None."""
    for plain in (text, OBJECTS.sub("None", text)):
        try:
            value = ast.literal_eval(plain)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            return value
    return None


def _nested(given: Mapping[str, Any]) -> dict[str, Any]:
    """Options that are dicts of their own."""
    try:
        return fields_of({name: given.get(_key(name)) for name in (LIMITS, DRAFT, COMPILATION)})
    except ReleaseError:
        return {}


def _key(name: str) -> str:
    return name.removeprefix("--").replace("-", "_")


def _fits(field: str, value: Any) -> bool:
    try:
        msgspec.convert({field: value}, Options, strict=False)
    except msgspec.ValidationError:
        return False
    return value is not None
