"""`transform_config` of compressed-tensors: rotations beside the weights, and what is wrong there.

Keys and values are those of compressed_tensors' TransformScheme and TransformArgs.
"""

from collections.abc import Iterator
from typing import Any

from release.quantization.arguments import EXTRA, Problem

TYPES = {"hadamard", "random-hadamard", "random-matrix"}
LOCATIONS = {"input", "weight_input", "weight_output", "output", "k_cache", "q_attn"}
SCHEME_KEYS = {"type", "apply", "randomize", "requires_grad", "head_dim", "precision"}
PLACE_KEYS = {"targets", "location", "inverse", "ignore"}


def check_transforms(raw: Any, path: str) -> Iterator[Problem]:
    """Give every violation; nothing at all is no transform."""
    if not raw:
        return
    groups = raw.get("config_groups") if isinstance(raw, dict) else None
    if not isinstance(groups, dict):
        yield Problem(f"{path}.config_groups", "is missing, or not an object")
        return
    for name, scheme in groups.items():
        place = f"{path}.config_groups.{name}"
        if not isinstance(scheme, dict):
            yield Problem(place, "must be an object")
            continue
        yield from _keys(scheme, SCHEME_KEYS, place)
        if scheme.get("type") not in TYPES:
            yield Problem(f"{place}.type", f"is {scheme.get('type')!r:.40}, no known transform")
        applied = scheme.get("apply", [])
        for number, entry in enumerate(applied if isinstance(applied, list) else [None]):
            yield from _entry(entry, f"{place}.apply.{number}")


def _entry(entry: Any, path: str) -> Iterator[Problem]:
    if not isinstance(entry, dict):
        yield Problem(path, "must be an object")
        return
    yield from _keys(entry, PLACE_KEYS, path)
    if entry.get("location") not in LOCATIONS:
        yield Problem(f"{path}.location", f"is {entry.get('location')!r:.40}, no known place")
    if not isinstance(entry.get("targets"), str | list):
        yield Problem(f"{path}.targets", "must be a list of strings")


def _keys(value: dict[str, Any], known: set[str], path: str) -> Iterator[Problem]:
    return (Problem(f"{path}.{key}", EXTRA, extra=True) for key in value if key not in known)
