"""Modules: the tensors of a checkpoint, grouped, named by role, and resolved to a scheme."""

from collections.abc import Iterator

import msgspec

from release.architecture import Architecture
from release.architecture.skeleton import CONV, EMBEDDING, LINEAR, NORM, VECTOR, Expected
from release.checkpoint import TensorInfo
from release.facts.basics import Tensors
from release.facts.components import component_of
from release.quantization.config import QuantizationConfig
from release.quantization.match import Claim, Resolver
from release.quantization.schemes import (
    COMPANIONS,
    QUANTIZED_DTYPES,
    Scheme,
    scheme_of,
)
from release.unknown import Unknown

CLASSES = {LINEAR: ("Linear", "Module"), EMBEDDING: ("Embedding", "Module")}
OTHER_CLASSES = ("Module",)
MATRIX = 2
ROUTERS = {"gate", "router", "shared_expert_gate"}


class Module(msgspec.Struct, frozen=True):
    """One weight-bearing module as stored and as declared.

    `tensors` maps roles (the last part of a tensor's name) to tensors; `shape` is the logical
    (out, in) of a 2-D weight, unpacked; `scheme` is None where no group claims the module.
    """

    name: str
    kind: str
    component: str
    tensors: dict[str, TensorInfo]
    claim: Claim
    scheme: Scheme | Unknown | None
    shape: tuple[int, int] | None
    expected: Expected | None
    float_only: bool

    @property
    def quantized(self) -> bool:
        """Whether its tensors are those of a quantized module, whatever the config says."""
        if not COMPANIONS.isdisjoint(self.tensors):
            return True
        weight = self.tensors.get("weight")
        return weight is not None and weight.dtype in QUANTIZED_DTYPES

    @property
    def quantizable(self) -> bool:
        """Whether compressed_tensors would quantize a module of this kind."""
        return self.kind in CLASSES

    def tensor(self, role: str) -> str:
        """The full name of its tensor of a role."""
        return f"{self.name}.{role}" if self.name else role


class Modules(msgspec.Struct, frozen=True):
    """Every stored module by name, and what could not be resolved in the declaration.

    `pattern_problems` maps targets and ignore entries to why they cannot be matched;
    `unmatched` are the targets, `unmatched_ignores` the ignore entries that hit no module.
    """

    items: dict[str, Module]
    pattern_problems: dict[str, str]
    unmatched: frozenset[str]
    unmatched_ignores: frozenset[str]

    def __iter__(self) -> Iterator[Module]:
        """All modules in file order."""
        return iter(self.items.values())

    def __len__(self) -> int:
        """How many modules."""
        return len(self.items)


def provide_modules(
    tensors: Tensors, quantization: QuantizationConfig, architecture: Architecture | Unknown
) -> Modules:
    """Group tensors into modules and resolve each one's group and scheme."""
    grouped: dict[str, dict[str, TensorInfo]] = {}
    for tensor, info in tensors.items():
        name, _, role = tensor.rpartition(".")
        grouped.setdefault(name, {})[role] = info
    known = {} if isinstance(architecture, Unknown) else architecture.modules
    kinds = {name: _kind(name, roles, known.get(name)) for name, roles in grouped.items()}
    classes = {
        name: CLASSES.get(kinds[name], OTHER_CLASSES)
        if not _is_router(name, known)
        else OTHER_CLASSES
        for name in grouped
    }
    resolver = Resolver(quantization.groups, quantization.ignore)
    claims = resolver.claims(classes)
    schemes = {group.name: scheme_of(group, quantization) for group in quantization.groups}
    items = {
        name: _module(
            name, roles, kinds[name], claims[name], schemes, known, _is_router(name, known)
        )
        for name, roles in grouped.items()
    }
    return Modules(
        items=items,
        pattern_problems={**resolver.targets.problems, **resolver.ignore.problems},
        unmatched=frozenset(resolver.targets.ordered) - resolver.targets.matched,
        unmatched_ignores=frozenset(resolver.ignore.ordered) - resolver.ignore.matched,
    )


def _module(  # noqa: PLR0913, PLR0917 - one argument for each thing that is known by now
    name: str,
    roles: dict[str, TensorInfo],
    kind: str,
    claim: Claim,
    schemes: dict[str, Scheme | Unknown | None],
    known: dict[str, Expected],
    router: bool,
) -> Module:
    group = claim.group if kind in CLASSES else None
    scheme = schemes[group] if group else None
    expected = known.get(name)
    return Module(
        name=name,
        kind=kind,
        component=component_of(name),
        tensors=roles,
        claim=claim,
        scheme=scheme,
        shape=_logical_shape(roles, scheme, expected),
        expected=expected,
        float_only=router,
    )


def _kind(name: str, roles: dict[str, TensorInfo], expected: Expected | None) -> str:
    if expected is not None:
        return expected.kind
    last = name.rpartition(".")[2]
    if "weight_packed" in roles:
        return EMBEDDING if "embed" in last else LINEAR
    weight = roles.get("weight")
    if weight is None:
        return LINEAR if not COMPANIONS.isdisjoint(roles) else VECTOR
    if len(weight.shape) == MATRIX:
        return EMBEDDING if "embed" in last else LINEAR
    return NORM if len(weight.shape) < MATRIX else CONV


def _is_router(name: str, known: dict[str, Expected]) -> bool:
    expected = known.get(name)
    return expected.float_only if expected else name.rpartition(".")[2] in ROUTERS


def _logical_shape(
    roles: dict[str, TensorInfo], scheme: Scheme | Unknown | None, expected: Expected | None
) -> tuple[int, int] | None:
    packed = roles.get("weight_packed")
    weight = packed or roles.get("weight")
    if weight is None or len(weight.shape) != MATRIX:
        return None
    stored = weight.shape
    if packed is None:
        return stored[0], stored[1]
    implied = expected.tensors.get("weight") if expected else None
    if isinstance(scheme, Scheme):
        if implied and scheme.expected_shape(scheme.weight, implied[0], implied[1]) == stored:
            return implied[0], implied[1]
        if scheme.weight.role == "weight_packed":
            return scheme.logical_shape(stored)
    return (stored[0], stored[1] * 2) if packed.dtype == "U8" else None
