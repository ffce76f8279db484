"""Which config group claims a module, and why: `targets` and `ignore` as compressed_tensors does.

A target is `re:` and a pattern matched from the start of the module's name, or the full name, or a
class name of the module. Names go before patterns, patterns before classes; among patterns the
alphabetically first wins; of two groups with the same target string the later one does.
"""

import re
import signal
import threading
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

import msgspec

from release.quantization.config import ConfigGroup

PATTERN = "re:"
PATTERN_SECONDS = 2.0
PATTERN_LENGTH = 1_000


_PREFIX = re.compile(r"\s*(re|regex|regexp)\s*:", re.IGNORECASE)
_SPECIAL = re.compile(r"[*$^|()\[\]\\+?{}]")


class Claim(msgspec.Struct, frozen=True):
    """Why a module is quantized or not. `targets` are all that match, the deciding one first."""

    group: str | None = None
    targets: tuple[str, ...] = ()
    ignored_by: str | None = None


class PatternProblem(Exception):  # noqa: N818 - it is a finding about a pattern, not a failure of ours
    """A `re:` target that no engine can use: it does not compile, or explodes."""


class Targets:
    """Target strings compiled once and asked about all modules of a model.

    `problems` maps a target to why it cannot be used; such a target matches nothing. `matched` are
    the targets that hit a module so far.
    """

    def __init__(self, targets: Iterable[str]) -> None:
        # compressed_tensors' own order: plain strings before patterns, each alphabetically.
        self.ordered = sorted(set(targets), key=lambda target: ("re:" in target, target))
        self.problems = {t: why for t in self.ordered if (why := _not_a_name(t))}
        self.matched: set[str] = set()

    def match(self, modules: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
        """Give the targets that match each module (name -> class names), most specific first."""
        plain = [target for target in self.ordered if not target.startswith(PATTERN)]
        found: dict[str, tuple[str, ...]] = {name: (name,) for name in plain if name in modules}
        for target in self.ordered:
            if target.startswith(PATTERN):
                for name in self._matching(target, modules):
                    found[name] = (*found.get(name, ()), target)
        every = set(map(tuple, modules.values()))
        by_class = {each: tuple(t for t in plain if t in each) for each in every}
        for name, classes in modules.items():
            more, own = by_class[tuple(classes)], found.get(name, ())
            rest = tuple(t for t in more if t not in own) if own else more
            found[name] = own + rest
        self.matched.update(*set(found.values()))
        return found

    def _matching(self, target: str, names: Iterable[str]) -> list[str]:
        try:
            pattern = compile_pattern(target.removeprefix(PATTERN))
            with _time_limit():
                return [name for name in names if pattern.match(name)]
        except PatternProblem as problem:
            self.problems[target] = str(problem)
            return []


class Resolver:
    """Resolves modules against the groups and the ignore list of one quantization config."""

    def __init__(self, groups: Iterable[ConfigGroup], ignore: Iterable[str]) -> None:
        self._owner = {target: group.name for group in groups for target in group.targets}
        self.targets = Targets(self._owner)
        self.ignore = Targets(ignore)

    def claims(self, modules: Mapping[str, Collection[str]]) -> dict[str, Claim]:
        """Resolve every module, given as its full name and the names of its classes."""
        targets, ignored = self.targets.match(modules), self.ignore.match(modules)
        made: dict[tuple[tuple[str, ...], tuple[str, ...]], Claim] = {}
        claims = {}
        for name in modules:
            key = targets[name], ignored[name]
            if key not in made:
                made[key] = self._claim(*key)
            claims[name] = made[key]
        return claims

    def _claim(self, targets: tuple[str, ...], ignored: tuple[str, ...]) -> Claim:
        by = ignored[0] if ignored else None
        return Claim(self._owner[targets[0]] if targets and not by else None, targets, by)


def _not_a_name(target: str) -> str | None:
    """Why a plain entry can be no module's name, and so was meant as a pattern."""
    if target.startswith(PATTERN):
        blank = target[len(PATTERN) :][:1].isspace()
        return "begins with a blank, as no name does" if blank else None
    if _PREFIX.match(target):
        return f"has another prefix than {PATTERN!r} and is taken for a name"
    return f"is a pattern without {PATTERN!r}" if _SPECIAL.search(target) else None


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of a target, without its `re:`. Raises `PatternProblem`."""
    if len(pattern) > PATTERN_LENGTH:
        raise PatternProblem(f"is {len(pattern):,} characters long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful pattern is still the pattern they wrote
            return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternProblem(f"does not compile: {error}") from None


@contextmanager
def _time_limit() -> Iterator[None]:
    """Stop a pattern that backtracks for ever.

    CPython's `re` looks for signals while it matches, so an interval timer interrupts it. Only the
    main thread can have one; elsewhere a pattern runs unbounded.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise PatternProblem(f"takes more than {PATTERN_SECONDS:g} s on the names of this model")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, PATTERN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
