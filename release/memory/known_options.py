"""The options of `vllm serve`, release by release.

`serve_options.txt` has those of the newest release that is modelled, `serve_options_changed.txt`
what each release since the oldest gained (+) and lost (-). Source: the parsers of those releases.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from release.memory.versions import Version

FOLDER = Path(__file__).parent
MANY = {"": 0, "...": 1 << 20}


@cache
def every_option() -> dict[str, int]:
    """Every option that any modelled release has, and how many values it takes at most."""
    changed = (line.split(" ", 2)[2] for line in _lines("serve_options_changed.txt"))
    lines = (*_lines("serve_options.txt"), *changed)
    return {name: MANY.get(value, 1) for name, _, value in (line.partition(" ") for line in lines)}


@cache
def kinds() -> dict[str, str]:
    """What each option of the newest release takes: INT, SIZE, FLOAT, JSON, words or keys."""
    lines = (line.partition(" ") for line in _lines("serve_options.txt"))
    return {name: kind for name, _, kind in lines}


@cache
def options_of(version: Version) -> frozenset[str]:
    """The options of a release; of one that is newer than what is modelled, those known."""
    names = {line.partition(" ")[0] for line in _lines("serve_options.txt")}
    for release, sign, name in reversed(changes()):
        if version < release:
            (names.discard if sign == "+" else names.add)(name)
    return frozenset(names)


def told(name: str, version: Version) -> str:
    """Say that a release has not an option, and which releases have it."""
    what = f"vLLM {_dotted(version)} has no option {name}"
    for release, sign, changed in changes():
        if changed == name and sign == "+" and version < release:
            return f"{what}: it came with {_dotted(release)}"
        if changed == name and sign == "-" and version >= release:
            return f"{what}: it went with {_dotted(release)}"
    return what


@cache
def changes() -> tuple[tuple[Version, str, str], ...]:
    """Each option that a release gained (+) or lost (-), oldest first."""
    return tuple(_read_changes())


def _read_changes() -> Iterator[tuple[Version, str, str]]:
    for line in _lines("serve_options_changed.txt"):
        release, sign, name, *_ = line.split()
        major, minor = release.split(".")
        yield (int(major), int(minor)), sign, name


@cache
def _lines(name: str) -> tuple[str, ...]:
    return tuple((FOLDER / name).read_text(encoding="utf-8").splitlines())


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
