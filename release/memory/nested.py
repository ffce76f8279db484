"""Options whose value is JSON: a whole object, or one key of it after a dot."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from release.errors import ReleaseError
from release.memory.options import Options, drafted_tokens

LIMITS, DRAFT = "--limit-mm-per-prompt", "--speculative-config"
COMPILATION, ATTENTION = "--compilation-config", "--attention-config"
NESTED = frozenset({LIMITS, DRAFT, COMPILATION})
# vLLM's own words for parts of --speculative-config, and for one of --compilation-config.
SPELLED_OUT = {
    "--spec-method": (DRAFT, "method"),
    "--spec-model": (DRAFT, "model"),
    "--spec-tokens": (DRAFT, "num_speculative_tokens"),
    "--cudagraph-capture-sizes": (COMPILATION, "cudagraph_capture_sizes"),
}
# Parts of --attention-config that choose backends or change what is kept.
CHOOSING = frozenset({"backend", "backend_per_kind", "flash_attn_version", "indexer_kv_dtype"})
GRAPHS = ("cudagraph_mode", "cudagraph_capture_sizes", "max_cudagraph_capture_size")


def read_object(name: str, text: str) -> dict[str, Any]:
    """Read an option's whole value. Raises `ReleaseError`."""
    found = read_json(text)
    if not isinstance(found, dict):
        raise ReleaseError(f"{text!r:.60} is no JSON object", where=name, hint="check its quotes")
    return found


def read_json(text: str) -> Any:
    """JSON, or the text where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def fields_of(nested: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of `Options` by name, from the objects of `NESTED`; what they do not have is left out.

    Raises `ReleaseError` on what vLLM would refuse.
    """
    found = {
        **_withheld(nested.get(LIMITS)),
        **_graphs(nested.get(COMPILATION)),
        **_drafted(nested.get(DRAFT)),
    }
    found = {field: value for field, value in found.items() if value is not None}
    try:
        msgspec.convert(found, Options)
    except msgspec.ValidationError as error:
        why, _, place = str(error).partition(" - at ")
        key = place.strip("`$.").partition("[")[0]
        where = DRAFT if key == "speculative_tokens" else f"{COMPILATION}.{key}"
        raise ReleaseError(f"cannot be: {why[:1].lower()}{why[1:]}", where=where) from None
    return found


def _drafted(draft: Any) -> dict[str, Any]:
    tokens = drafted_tokens(draft)
    unstated = tokens is not None and "num_speculative_tokens" not in draft
    return {"speculative_tokens": tokens, "draft_unstated": unstated or None}


def objects_of(options: Options) -> dict[str, dict[str, Any]]:
    """The objects that say what `fields_of` reads, but for a draft."""
    limits = dict.fromkeys(options.withheld or (), 0)
    graphs = {key: value for key in GRAPHS[:2] if (value := getattr(options, key)) is not None}
    return {name: value for name, value in ((LIMITS, limits), (COMPILATION, graphs)) if value}


def _withheld(limits: Any) -> dict[str, Any]:
    """Kinds of input of which a prompt has none: a number, or an object with a count."""
    counts = {
        kind: limit.get("count") if isinstance(limit, dict) else limit
        for kind, limit in (limits if isinstance(limits, dict) else {}).items()
    }
    for kind, count in counts.items():
        if count is not None and (type(count) is not int or count < 0):
            raise ReleaseError(f"{kind!r:.40} cannot be {count!r:.40}", where=LIMITS)
    kinds = tuple(sorted(kind for kind, count in counts.items() if count == 0))
    return {"withheld": kinds or None}


def _graphs(config: Any) -> dict[str, Any]:
    found = {key: config.get(key) for key in GRAPHS} if isinstance(config, dict) else {}
    mode = found.get("cudagraph_mode")
    if isinstance(mode, str):
        found["cudagraph_mode"] = mode.rpartition(".")[2].upper()
    sizes = found.get("cudagraph_capture_sizes")
    if sizes == []:
        raise ReleaseError("has no size", where=f"{COMPILATION}.cudagraph_capture_sizes")
    if isinstance(sizes, list):
        found["cudagraph_capture_sizes"] = tuple(sizes) or None
    return found
