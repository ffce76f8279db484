"""Values that vLLM refuses, of options that are no part of our plan; and options that go together.

Those of the plan are read in `options`.
"""

import difflib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from release.memory.known_options import kinds
from release.memory.options import TABLE, human_int
from release.memory.versions import NEWEST, Version, parse_version

Written = tuple[tuple[str, tuple[str, ...]], ...]
"""The options of a command, each with its values, in their order."""

READ: dict[str, tuple[Callable[[str], Any], str]] = {
    "INT": (int, "whole number"),
    "SIZE": (human_int, "whole number"),
    "FLOAT": (float, "number"),
    "JSON": (json.loads, "JSON"),
}
PLACEHOLDER = re.compile(r"[$<]|\{+\s*[\w.$-]+\s*\}+$")
OPTIONAL = "[VALUE]"
FEW = 8  # names that a line can hold
KEYS = re.compile(r"\{(.*)\}")
# What brings names of its own to an option's choices.
PLUGINS = {
    "--tool-call-parser": "--tool-parser-plugin",
    "--reasoning-parser": "--reasoning-parser-plugin",
}
# Source: vLLM 0.32 entrypoints/launchers/cli_args.py, validate_parsed_serve_args.
NEEDS = {
    "--enable-auto-tool-choice": "--tool-call-parser",
    "--enable-log-outputs": "--enable-log-requests",
    "--enable-elastic-ep": "--enable-eplb",
    "--enable-mamba-cache-stochastic-rounding": "--mamba-ssm-cache-dtype",
}
# The least and the most. Source: vLLM 0.32 config/scheduler.py, config/model.py.
BOUNDS = {
    "--stream-interval": (1, float("inf")),
    "--watermark": (0, 1),
    "--max-logprobs": (-1, float("inf")),
    "--sse-keep-alive-interval": (0, float("inf")),
    "--renderer-num-workers": (1, float("inf")),
}
EXCLUDES = {"--enable-per-request-metrics": "--disable-log-stats"}


def refused_values(written: Written, version: Version) -> Iterator[tuple[str, str]]:
    """Name the options whose values a release of vLLM refuses, or that need others, and say why.

    Numbers and JSON are the same in every release; names and keys are known of the newest.
    """
    newest = version >= parse_version(NEWEST)
    given = {name for name, _ in written}
    for name, values in written:
        plugin = PLUGINS.get(name)
        unread = name == "--tool-call-parser" and "--enable-auto-tool-choice" not in given
        elsewhere = name in TABLE or unread or plugin in given
        if not values and kinds().get(name, OPTIONAL) not in {"", OPTIONAL}:
            yield name, f"{name} has no value"
        if elsewhere or len(values) != 1 or PLACEHOLDER.match(values[0]):
            continue
        why = _refused(name, values[0], newest=newest)
        if why:
            yield name, f"{name}: {why}"
    for name, other in NEEDS.items():
        if name in given and other not in given:
            yield name, f"{name} needs {other}"
    for name, other in EXCLUDES.items():
        if name in given and other in given:
            yield name, f"{name} does not go with {other}"


def _refused(name: str, text: str, *, newest: bool) -> str | None:
    whole, dot, key = name.partition(".")
    kind = kinds().get(whole, "")
    keys = KEYS.fullmatch(kind)
    if dot:
        return _unknown_key(key.partition(".")[0], keys[1]) if keys and newest else None
    if keys:
        return _refused_object(text, keys[1], newest=newest)
    if kind in READ:
        read, what = READ[kind]
        try:
            value = read(text)
        except (ValueError, RecursionError):
            return f"{text!r:.60} is no {what}"
        if name in BOUNDS and not BOUNDS[name][0] <= value <= BOUNDS[name][1]:
            return f"{text!r:.60} is out of range"
    words = kind.split("|")
    plain = {text, text.lower().replace("-", "_")}
    if len(words) > 1 and newest and plain.isdisjoint(words):
        near = words if len(words) <= FEW else difflib.get_close_matches(text, words, FEW, 0.0)
        others = "" if len(words) <= FEW else f" and {len(words) - FEW} others"
        return f"{text!r:.60} is not one of {', '.join(near)}{others}"
    return None


def _refused_object(text: str, keys: str, *, newest: bool) -> str | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return f"{text!r:.60} is no JSON"
    if not isinstance(found, dict):
        return f"{text!r:.60} is no JSON object"
    unknown = (_unknown_key(key, keys) for key in found) if newest else ()
    return next(filter(None, unknown), None)


def _unknown_key(key: str, keys: str) -> str | None:
    name = key.replace("-", "_")
    return None if name in keys.split(",") else f"vLLM {NEWEST} knows no {name!r:.60} in it"


def without(words: tuple[str, ...], names: frozenset[str]) -> tuple[str, ...]:
    """The words of a command, without those options and their values."""
    kept, dropping = [], False
    for word in words:
        if word.startswith("--") or word in names:
            dropping = word.partition("=")[0].replace("_", "-") in names
        if not dropping:
            kept.append(word)
    return tuple(kept)
