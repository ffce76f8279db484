"""The templates of the card: ours, a project's own before them, and how they print."""

import shlex
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateRuntimeError,
    Undefined,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from release.card.figures import Traced, plain
from release.card.ledger import Ledger
from release.content import content
from release.errors import ReleaseError
from release.tables import is_known, reason
from release.text import code_block, code_span, markdown
from release.units import binary_bytes, decimal_bytes, parameters, plural

PAGE = "README.md.j2"
LINK = "/:?#@!$&'*+,;=%~"  # all but what ends a link in Markdown
ENDING = ".md.j2"
OURS = "release"  # `{% include "release/usage.md.j2" %}` is ours, from a template that replaces it
_BAD_INPUT = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    OSError,
)


class _Held(FileSystemLoader):
    """A project's own templates: none leads out of their folder, by whatever link.

    What a template says is published, and a stranger may have committed it.
    """

    def __init__(self, own: Path) -> None:
        super().__init__(own)
        self._folder = own.parent.resolve() / own.name

    def get_source(self, environment: Any, template: str) -> Any:
        """Read a template. Raises `ReleaseError` for one that is elsewhere."""
        found = super().get_source(environment, template)
        if not Path(found[1]).resolve().is_relative_to(self._folder):
            hint = "write it here: what is there would be published"
            where = f"{Path(self.searchpath[0]).name}/{template}"
            raise ReleaseError("is a link out of this folder", where=where, hint=hint)
        return found


class Loader(ChoiceLoader):
    """A project's templates before ours; remembers which were asked for."""

    def __init__(self, own: Path | None) -> None:
        ours = FileSystemLoader(_folder())
        first = [_Held(own)] if own is not None else []
        super().__init__([*first, ours, PrefixLoader({OURS: ours})])
        self.loaded: set[str] = set()

    def load(self, environment: Any, name: str, globals: Any = None) -> Any:  # noqa: A002
        """Load a template by its name."""
        self.loaded.add(name)
        return super().load(environment, name, globals)


class Environment(ImmutableSandboxedEnvironment):
    """Looks into traced values, and prints nothing that is a number without an origin."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`facts.weights` of a template."""
        return (
            self._part(obj, attribute)
            if _opens(obj, attribute)
            else super().getattr(obj, attribute)
        )

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`facts["weights"]` of a template."""
        if isinstance(obj, Traced):
            return self._part(obj, plain(argument))
        return super().getitem(obj, argument)

    def _part(self, obj: Traced, key: Any) -> Any:
        try:
            return obj.child(key)
        except (LookupError, AttributeError, TypeError):
            return self.undefined(f"{obj.name} has no {key!r}", obj, str(key))


def _opens(obj: Any, attribute: str) -> bool:
    """Whether an attribute is a part of the value: all are, but for the one that pairs them."""
    return isinstance(obj, Traced) and attribute != "items"


def make_environment(ledger: Ledger, own: Path | None) -> Environment:
    """Templates of the folder `own` come before ours; what they print goes into the ledger."""
    environment = Environment(
        loader=Loader(own),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finalize(ledger),
    )
    formats: dict[str, Callable[..., str]] = {
        "binary_bytes": binary_bytes,
        "capability": lambda number: f"{number // 10}.{number % 10}",
        "code": lambda text: code_span(str(text)),
        "code_block": code_block,
        "count": "{:,}".format,
        "decimal_bytes": decimal_bytes,
        "decimals": "{:,.2f}".format,
        "markdown": lambda text: markdown(str(text)),
        "link": lambda address: quote(address, safe=LINK),
        "parameters": parameters,
        "plural": plural,
        "reason": reason,
        "shell": shlex.quote,
        "string": str,
        "join": lambda parts, by="": by.join(map(str, parts)),
    }
    environment.filters |= {name: _traced(write) for name, write in formats.items()}
    environment.filters["table"] = ledger.table
    environment.tests["none"] = lambda fact: plain(fact) is None
    environment.tests["known"] = lambda fact: is_known(plain(fact))
    return environment


def render_page(environment: Environment, context: dict[str, Any]) -> str:
    """Render the page. Raises `ReleaseError` with the template and the line that does not hold."""
    try:
        return environment.get_template(PAGE).render(context)
    except TemplateError as error:
        what = error.message or type(error).__name__
        raise ReleaseError(f"cannot be rendered: {what}", where=_place(error)) from None
    except _BAD_INPUT as error:
        what = f"{type(error).__name__}: {error}"
        raise ReleaseError(f"cannot be rendered: {what}", where=_place(error)) from None


def require_used(environment: Environment, own: Path) -> None:
    """Raise `ReleaseError` for a template of a project that nothing includes."""
    loaded = environment.loader.loaded if isinstance(environment.loader, Loader) else set()
    ours = sorted(path.name for path in _folder().glob(f"*{ENDING}"))
    for path in sorted(own.glob(f"*{ENDING}")):
        if path.name not in loaded:
            near = get_close_matches(path.name, ours, 1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else f"blocks: {', '.join(ours)}"
            what = "is no block of the card, and no template includes it"
            raise ReleaseError(what, where=f"{own.name}/{path.name}", hint=hint)


def _folder() -> Path:
    return content("templates") / "card"


def _traced(write: Callable[..., str]) -> Callable[..., Any]:
    """Keep the origin of a value through a format; a bare number has none."""

    def apply(value: Any, *arguments: Any) -> Any:
        if isinstance(value, Traced):
            return value.map(lambda inner: write(inner, *map(plain, arguments)))
        _refuse_number(value)
        return write(value, *map(plain, arguments))

    return apply


def _finalize(ledger: Ledger) -> Callable[[Any], Any]:
    def finalize(value: Any) -> Any:
        if isinstance(value, Traced):
            if value.value is None:
                raise TemplateRuntimeError(f"{value.name} is nothing, and would be printed")
            return ledger.write(value)
        _refuse_number(value)
        return value

    return finalize


def _refuse_number(value: Any) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise TemplateRuntimeError(f"prints {value!r}, a number of its own: print a fact instead")
    if value is None:
        raise TemplateRuntimeError("prints nothing where a value was meant")
    if isinstance(value, Undefined):
        str(value)  # a StrictUndefined says which


def _place(error: BaseException) -> str:
    """Name the template and line that an error was seen at."""
    line, name = getattr(error, "lineno", None), getattr(error, "name", None)
    trace = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.suffix == ".j2":
            line, name = trace.tb_lineno, path.name
        trace = trace.tb_next
    return f"{name}:{line}" if name and line else name or "card template"
