"""`transform_config` of compressed-tensors: rotations beside the weights, and what is wrong there.

Keys and values are those of compressed_tensors' TransformScheme and TransformArgs.
"""

from collections.abc import Iterator
from typing import Any, TypeGuard

import msgspec

from release.quantization.arguments import EXTRA, Problem

TYPES = {"hadamard", "random-hadamard", "random-matrix"}
LOCATIONS = {"input", "weight_input", "weight_output", "output", "k_cache", "q_attn"}
SCHEME_KEYS = {"type", "apply", "randomize", "requires_grad", "head_dim", "precision"}
PLACE_KEYS = {"targets", "location", "inverse", "ignore"}


OFFLINE = {"weight_input", "weight_output"}


class Rotation(msgspec.Struct, frozen=True):
    """A transform at inference: of what goes into the modules that it matches, or comes out.

    Its matrix is a tensor of such a module, `{module}.{role}.weight`; modules of one size share it,
    and files hold it once. `size` is that of its blocks, None for the module's own width.
    """

    name: str
    location: str
    targets: tuple[str, ...]
    ignore: tuple[str, ...]
    size: int | None

    @property
    def role(self) -> str:
        """The name of the submodule that holds the matrix."""
        return f"{self.name}_{self.location}"


def rotations(raw: Any) -> Iterator[Rotation]:
    """Give the transforms whose matrices are stored; what cannot be read is left out."""
    groups = raw.get("config_groups") if isinstance(raw, dict) else None
    for name, scheme in (groups if isinstance(groups, dict) else {}).items():
        applied = scheme.get("apply") if isinstance(scheme, dict) else None
        for entry in applied if isinstance(applied, list) else ():
            location = entry.get("location") if isinstance(entry, dict) else None
            if _is_one_of(location, LOCATIONS - OFFLINE):
                size = scheme.get("head_dim")
                targets, ignore = (_strings(entry.get(key)) for key in ("targets", "ignore"))
                whole = isinstance(size, int) and size > 0
                yield Rotation(name, location, targets, ignore, size if whole else None)


def _is_one_of(value: Any, words: set[str]) -> TypeGuard[str]:
    return isinstance(value, str) and value in words


def _strings(value: Any) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    return tuple(item for item in items if isinstance(item, str)) if isinstance(items, list) else ()


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
        if not _is_one_of(scheme.get("type"), TYPES):
            yield Problem(f"{place}.type", f"is {scheme.get('type')!r:.40}, no known transform")
        applied = scheme.get("apply", [])
        for number, entry in enumerate(applied if isinstance(applied, list) else [None]):
            yield from _entry(entry, f"{place}.apply.{number}")


def _entry(entry: Any, path: str) -> Iterator[Problem]:
    if not isinstance(entry, dict):
        yield Problem(path, "must be an object")
        return
    yield from _keys(entry, PLACE_KEYS, path)
    if not _is_one_of(entry.get("location"), LOCATIONS):
        yield Problem(f"{path}.location", f"is {entry.get('location')!r:.40}, no known place")
    if not isinstance(entry.get("targets"), str | list):
        yield Problem(f"{path}.targets", "must be a list of strings")


def _keys(value: dict[str, Any], known: set[str], path: str) -> Iterator[Problem]:
    return (Problem(f"{path}.{key}", EXTRA, extra=True) for key in value if key not in known)
