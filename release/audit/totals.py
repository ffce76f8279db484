"""What the facts say to counts of modules, shares of schemes and costs of a request."""

from collections import Counter

from release.architecture.numbering import pattern_of
from release.audit.evidence import Evidence, Range, exactly
from release.audit.quantities import Figure
from release.audit.schemes import true_of, words_of
from release.audit.tallies import BETWEEN
from release.facts.modules import Module
from release.unknown import Unknown


def count_modules(figure: Figure, known: Evidence) -> list[Range]:
    """How many modules have a name or a precision: of a name all, or those of one scheme."""
    if isinstance(known.modules, Unknown):
        return []
    stored = [m for m in known.modules if m.shape is not None or "weight" in m.tensors]
    if said := words_of(figure.subject):
        return exactly(sum(said <= true_of(module) for module in stored))
    named = [module for module in stored if _is_named(module, figure.subject)]
    # Of one scheme, of one component (experts, shared experts), of one place in the layers.
    parts: Counter[tuple[str, ...]] = Counter()
    for module in named:
        scheme = module.known_scheme.name if module.known_scheme else ""
        place = pattern_of(module.name)
        parts.update([(scheme,), (module.component,), (scheme, module.component), (scheme, place)])
        parts.update([("", place)])
    return exactly(*{len(named), *parts.values()}) if named else []


def _is_named(module: Module, name: str) -> bool:
    return module.component == name or f".{module.name}".endswith(f".{name}")


def share_of_scheme(figure: Figure, known: Evidence) -> list[Range]:
    """Percents of a component's bytes."""
    part, _, scheme = figure.subject.partition(BETWEEN)
    if isinstance(known.weights, Unknown):
        return []
    found = next((each for each in known.weights.components if each.name == part), None)
    words = words_of(scheme)
    if found is None or not words or not found.bytes:
        return []
    size = sum(size for name, size in found.schemes.items() if words <= words_of(name))
    return exactly(100 * size / found.bytes)


def cost_of_request(figure: Figure, known: Evidence) -> list[Range]:
    """Bytes of cache for so many tokens of one sequence, with its states and windows."""
    if isinstance(known.kv, Unknown):
        return []
    dtype, _, tokens = figure.subject.partition(BETWEEN)
    size = known.kv.bytes_per_token.get(dtype)
    if size is None:
        return []
    fixed = known.kv.state_bytes_per_sequence + known.kv.window_bytes_per_sequence.get(dtype, 0)
    whole = tokens == str(known.config.get("max_position_embeddings"))
    planned = known.kv.bytes_per_request.get(dtype) if whole else None
    return exactly(size * int(tokens) + fixed, *([planned] if planned else []))
