"""Where stored tensors and the declared scheme disagree: each fault has one owner, so one rule."""

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from release.architecture import ModelConfig
from release.architecture.skeleton import EMBEDDING, LINEAR, NORM
from release.facts.cache_scales import SCHEME, cache_args, compare_cache
from release.facts.misfits import Misfits
from release.facts.modules import Module, Modules
from release.quantization.config import QuantizationConfig
from release.quantization.layout import DTYPE, MISSING, SHAPE, UNEXPECTED, Difference, read_layout
from release.quantization.naming import weights_in_words
from release.quantization.schemes import (
    CACHE_SCALES,
    COMPANIONS,
    FLOAT_DTYPES,
    QUANTIZED_DTYPES,
    Scheme,
    scheme_of,
)
from release.unknown import Unknown

TWINS = {"weight": "weight_packed", "weight_packed": "weight", "weight_scale_inv": "weight_scale"}
WHOLE_GROUP = 2  # parts of the path of a config group
# What other exporters call them: AutoGPTQ, DeepSeek, ModelOpt.
ALIASES = {
    "weight_packed": ("qweight", "weight"),
    "weight_scale": ("weight_scale_inv", "scales"),
    "weight_zero_point": ("qzeros",),
    "weight_global_scale": ("weight_scale_2",),
    "input_global_scale": ("input_scale",),
}
OWNER_OF = {DTYPE: "dtypes", SHAPE: "shapes", MISSING: "missing", UNEXPECTED: "unexpected"}


class Fault(msgspec.Struct, frozen=True):
    """One tensor, or with the role "" one module, that is not as declared.

    `stored` and `expected` are words to print; `scheme` is the declared one's name, `instead` the
    tensor that stands there under another name.
    """

    module: str
    role: str
    stored: str
    expected: str
    scheme: str
    instead: str | None = None

    @property
    def tensor(self) -> str:
        """The full name of the tensor."""
        return f"{self.module}.{self.role}" if self.module else self.role


class Layouts(msgspec.Struct, frozen=True):
    """Faults by the rule that owns them.

    `unclaimed` (T104): quantized, and neither claimed nor ignored. `unquantized` (T103): claimed,
    and stored as plain floats. `other` (T105): weight and scale agree on a scheme that is not the
    declared one. `twice` (T108). Of modules stored as declared but for single tensors: `missing`
    (T101), `unexpected` (T102), `dtypes` (T106), `shapes` (T107). `strays` (T102): companions
    beside no quantized weight. `misplaced` (T112): quantized where only floats can be. `torn`
    (Q102): names of modules whose target stands in two groups, stored as the overruled one has it.
    """

    unclaimed: tuple[Fault, ...] = ()
    unquantized: tuple[Fault, ...] = ()
    other: tuple[Fault, ...] = ()
    twice: tuple[Fault, ...] = ()
    missing: tuple[Fault, ...] = ()
    unexpected: tuple[Fault, ...] = ()
    strays: tuple[Fault, ...] = ()
    dtypes: tuple[Fault, ...] = ()
    shapes: tuple[Fault, ...] = ()
    misplaced: tuple[Fault, ...] = ()
    torn: frozenset[str] = frozenset()


def provide_layouts(
    config: ModelConfig,
    quantization: QuantizationConfig,
    modules: Modules,
    misfits: Misfits | Unknown,
    wrapper: str | None,
) -> Layouts | Unknown:
    """Give every disagreement its owner; Unknown where the declaration cannot be followed."""
    unclear = _unclear(quantization, modules)
    if wrapper is not None:
        return Unknown(f"names hold {wrapper!r}, the trace of a wrapper")
    if unclear:
        return unclear
    misshapen = set() if isinstance(misfits, Unknown) else misfits.modules
    torn = _torn(quantization, modules)
    found: dict[str, list[Fault]] = defaultdict(list)
    for module in modules:
        found["misplaced"] += [_alone(module, role) for role in _integers(module)]
        if not quantization.path or module.claim.ignored_by or module.name in torn:
            continue  # Q112, Q104 and Q102 say it
        if isinstance(module.scheme, Scheme):
            faults = _claimed(module, module.scheme, misshapen)
        else:
            faults = _unclaimed(module)
        for owner, fault in faults:
            found[owner].append(fault)
        if CACHE_SCALES.isdisjoint(module.tensors):
            continue
        args = cache_args(module, quantization)
        if args:
            for difference in compare_cache(module, args, config):
                found[OWNER_OF[difference.problem]].append(_fault(module.name, difference, SCHEME))
    return Layouts(**{owner: tuple(faults) for owner, faults in found.items()}, torn=torn)


def _torn(quantization: QuantizationConfig, modules: Modules) -> frozenset[str]:
    doubled = quantization.doubled
    schemes = {
        target: [scheme_of(g, quantization) for g in quantization.groups if target in g.targets]
        for target in doubled
    }
    return frozenset(
        module.name
        for module in (modules if doubled else ())
        if module.layout.differences and module.claim.targets[0] in doubled
        for scheme in schemes[module.claim.targets[0]]
        if isinstance(scheme, Scheme)
        and not read_layout(scheme, module.tensors, module.shape).differences
    )


def _unclear(quantization: QuantizationConfig, modules: Modules) -> Unknown | None:
    """The reason why claims or schemes are not known, which a rule of the Q family reports."""
    if modules.pattern_problems:
        return Unknown(f"target {next(iter(modules.pattern_problems))!r:.60} cannot be matched")
    for problem in quantization.problems:
        parts = problem.path.removeprefix(f"{quantization.path}.").split(".")
        whole = parts[0] in {"config_groups", "ignore", "format"} and len(parts) <= WHOLE_GROUP
        if (whole or parts[-1] == "targets") and not problem.extra:
            return Unknown(f"{problem.path} {problem.what}")
    unknown = (module.scheme for module in modules if isinstance(module.scheme, Unknown))
    return next(unknown, None)


def _unclaimed(module: Module) -> Iterator[tuple[str, Fault]]:
    plain = module.kind in {LINEAR, EMBEDDING}
    packed = _packed_role(module, plain=plain)
    if packed is not None:
        owner = "unclaimed" if plain and not module.float_only else "misplaced"
        yield owner, _alone(module, packed)
    elif module.claim.group is None:
        for role in module.tensors:
            if role in COMPANIONS:
                yield "strays", _alone(module, role)


def _integers(module: Module) -> Iterator[str]:
    """The roles of biases and norms whose values are whole numbers."""
    for role, info in module.tensors.items():
        floats = role == "bias" or (role == "weight" and module.kind == NORM)
        if floats and info.dtype[0] in "IU":
            yield role


def _packed_role(module: Module, *, plain: bool) -> str | None:
    """The role of the first tensor that only quantization writes, scales aside."""
    whole = {*_integers(module)}
    for role, info in module.tensors.items():
        coded = info.dtype in QUANTIZED_DTYPES and role not in whole
        if role == "weight_packed" or (role == "weight" and coded and not _is_block(module)):
            return role
        if coded and not (plain or role in COMPANIONS | CACHE_SCALES or _is_block(module)):
            return role
    return None


def _is_block(module: Module) -> bool:
    """Whether it holds all experts as 3-D tensors, of which config groups do not speak."""
    return module.kind not in {LINEAR, EMBEDDING} and "experts" in module.name.split(".")


def _alone(module: Module, role: str) -> Fault:
    info = module.tensors[role]
    return Fault(module.name, role, f"{info.dtype} {list(info.shape)}", "", "")


def _claimed(module: Module, scheme: Scheme, misshapen: set[str]) -> Iterator[tuple[str, Fault]]:
    layout, name = module.layout, module.name
    if _is_plain(module, scheme):
        weight = module.tensors["weight"]
        words = f"{weight.dtype} {list(weight.shape)}"
        yield "unquantized", Fault(name, "weight", words, "", scheme.name)
        return
    if not layout.differences and not layout.looks_like:
        return
    if layout.looks_like:
        stored, wanted = (weights_in_words(s.weights) for s in (layout.looks_like, scheme))
        if stored == wanted:
            stored, wanted = layout.looks_like.format, scheme.format
        yield "other", Fault(name, "", stored, wanted, scheme.name)
        return
    packed = module.tensors.get("weight_packed")
    if packed and module.shape and scheme.is_padded(packed.shape, *module.shape):
        words = weights_in_words(scheme.weights)
        old = f"{words}, in words that share no number, as compressed-tensors 0.17 packed them"
        yield "other", Fault(name, "", old, words, scheme.name)
        return
    renamed = dict(_renamed(module, scheme))
    for difference in layout.differences:
        role = difference.role
        if difference.problem == UNEXPECTED and TWINS.get(role) in module.tensors:
            yield "twice", _fault(name, difference, scheme.name, TWINS[role])
        elif difference.problem == UNEXPECTED and role in renamed.values():
            continue
        elif difference.problem != SHAPE or name not in misshapen:
            owner = OWNER_OF[difference.problem]
            yield owner, _fault(name, difference, scheme.name, renamed.get(role))


def _is_plain(module: Module, scheme: Scheme) -> bool:
    """Whether the weight is an ordinary float, as before compression."""
    weight = module.tensors.get("weight")
    if weight is None or weight.dtype not in FLOAT_DTYPES or "weight_packed" in module.tensors:
        return False
    return scheme.weight.role != "weight" or "weight_scale" not in module.tensors


def _renamed(module: Module, scheme: Scheme) -> Iterator[tuple[str, str]]:
    """Pairs of a missing role and the role, not of the scheme, that has just its tensor."""
    known = {slot.role for slot in scheme.slots} | {"bias"}
    others = {role: info for role, info in module.tensors.items() if role not in known}
    for difference in module.layout.differences:
        slot = scheme.slot(difference.role)
        if difference.problem != MISSING or slot is None or module.shape is None:
            continue
        shape = scheme.expected_shape(slot, *module.shape)
        fits = [r for r, i in others.items() if i.dtype in slot.dtypes and i.shape == shape]
        known_as = [role for role in fits if role in ALIASES.get(slot.role, ())]
        if fits:
            instead = (known_as or fits)[0]
            del others[instead]
            yield slot.role, instead


def _fault(module: str, difference: Difference, scheme: str, instead: str | None = None) -> Fault:
    return Fault(module, difference.role, difference.stored, difference.expected, scheme, instead)
