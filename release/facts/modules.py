"""Modules: the tensors of a checkpoint, grouped, named by role, and resolved to a scheme."""

import re
from collections.abc import Iterator

import msgspec

from release.architecture import Architecture
from release.architecture.recurrent import RecurrentCache
from release.architecture.skeleton import CONV, EMBEDDING, LINEAR, NORM, ROUTERS, VECTOR, Expected
from release.checkpoint import Checkpoint, TensorInfo
from release.facts.basics import Implied, Tensors
from release.facts.components import ATTENTION, LINEAR_ATTENTION, component_of
from release.quantization.config import UNDECLARED, QuantizationConfig
from release.quantization.layout import Layout, read_layout
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
# The locations of compressed_tensors' TransformLocation.
ROTATION = "rotation"
"""The kind of a module that is the matrix of a transform."""
_ROTATION = re.compile(r".+_(input|output|weight_input|weight_output|q_attn|k_cache)")


class Module(msgspec.Struct, frozen=True):
    """One weight-bearing module as stored and as declared.

    `tensors` maps roles (the last part of a tensor's name) to tensors; `scheme` is None where no
    group claims the module, `layout` is how its tensors fit that scheme.
    """

    name: str
    kind: str
    component: str
    tensors: dict[str, TensorInfo]
    claim: Claim
    scheme: Scheme | Unknown | None
    layout: Layout
    expected: Expected | None
    float_only: bool

    @property
    def shape(self) -> tuple[int, int] | None:
        """The logical (out, in) of a 2-D weight, unpacked."""
        return self.layout.shape

    @property
    def quantized(self) -> bool:
        """Whether its tensors are those of a quantized module, whatever the config says."""
        if not COMPANIONS.isdisjoint(self.tensors):
            return True
        weight = self.tensors.get("weight")
        return weight is not None and weight.dtype in QUANTIZED_DTYPES

    @property
    def known_scheme(self) -> Scheme | None:
        """The scheme its tensors are stored in: the one they look like, else the declared one."""
        scheme = self.layout.looks_like or self.scheme
        return scheme if isinstance(scheme, Scheme) and self.quantized else None

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of its class that targets may match."""
        return _classes(self.kind, float_only=self.float_only)

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
    grouped = tensors.grouped if isinstance(tensors, Implied) else _grouped(tensors)
    known = {} if isinstance(architecture, Unknown) else architecture.modules
    kinds = {
        name: ROTATION
        if _is_rotation(name) and (quantization.transformed or name.rpartition(".")[0] in grouped)
        else _kind(name, roles, known.get(name))
        for name, roles in grouped.items()
    }
    routers = {name for name in grouped if _is_router(name, known.get(name))}
    classes = {name: _classes(kind, float_only=name in routers) for name, kind in kinds.items()}
    resolver = Resolver(quantization.groups, quantization.ignore)
    claims = resolver.claims(classes)
    schemes = {group.name: scheme_of(group, quantization) for group in quantization.groups}
    layouts = _Layouts()
    recurrent = _recurrent_mixers(architecture)
    items = {}
    for name, roles in grouped.items():
        kind, claim, expected = kinds[name], claims[name], known.get(name)
        scheme = schemes[claim.group] if claim.group and kind in CLASSES else None
        items[name] = Module(
            name=name,
            kind=kind,
            component=_component(name, recurrent),
            tensors=roles,
            claim=claim,
            scheme=scheme,
            layout=layouts.read(scheme, roles, expected),
            expected=expected,
            float_only=name in routers,
        )
    return Modules(
        items=items,
        pattern_problems={**resolver.targets.problems, **resolver.ignore.problems},
        unmatched=frozenset(resolver.targets.ordered) - resolver.targets.matched,
        unmatched_ignores=frozenset(resolver.ignore.ordered) - resolver.ignore.matched,
    )


def _grouped(tensors: Tensors) -> dict[str, dict[str, TensorInfo]]:
    grouped: dict[str, dict[str, TensorInfo]] = {}
    for tensor, info in tensors.items():
        name, _, role = tensor.rpartition(".")
        grouped.setdefault(name, {})[role] = info
    return grouped


def provide_stored_modules(
    checkpoint: Checkpoint, modules: Modules | Unknown, architecture: Architecture | Unknown
) -> Modules | Unknown:
    """The modules, or where a shard or the declaration is missing those that can be read.

    These are of no scheme but what their tensors look like: enough to judge values.
    """
    if not isinstance(modules, Unknown):
        return modules
    if not checkpoint.tensors:
        return Unknown("there are no weights")
    return provide_modules(checkpoint.tensors, UNDECLARED, architecture)


class _Layouts:
    """Reads each distinct layout once: the modules of a model have few."""

    def __init__(self) -> None:
        self._read: dict[object, Layout] = {}
        self._met: dict[tuple[int, int, int], Layout] = {}

    def read(
        self,
        scheme: Scheme | Unknown | None,
        roles: dict[str, TensorInfo],
        expected: Expected | None,
    ) -> Layout:
        """Read one module's tensors; experts that a config implies share theirs."""
        met = id(scheme), id(expected), id(roles)
        if met not in self._met:
            self._met[met] = self._new(scheme, roles, expected)
        return self._met[met]

    def _new(
        self,
        scheme: Scheme | Unknown | None,
        roles: dict[str, TensorInfo],
        expected: Expected | None,
    ) -> Layout:
        weight = expected.tensors.get("weight") if expected else None
        implied = (weight[0], weight[1]) if weight and len(weight) == MATRIX else None
        declared = scheme if isinstance(scheme, Scheme) else None
        stored = tuple((role, info.dtype, info.shape) for role, info in roles.items())
        key = (id(declared), implied, stored)
        if key not in self._read:
            self._read[key] = read_layout(declared, roles, implied)
        return self._read[key]


def _recurrent_mixers(architecture: Architecture | Unknown) -> frozenset[str]:
    """The layers that keep a state and nothing else, by the names of their mixers."""
    if isinstance(architecture, Unknown) or isinstance(architecture.caches, Unknown):
        return frozenset()
    return frozenset(
        f"{architecture.stack}.{index}.self_attn"
        for index, cache in enumerate(architecture.caches)
        if isinstance(cache, RecurrentCache)
    )


def _component(name: str, recurrent: frozenset[str]) -> str:
    """A mixer may be called self_attn where it is none: Kimi Delta Attention."""
    component = component_of(name)
    if component != ATTENTION:
        return component
    return LINEAR_ATTENTION if {name, name.rpartition(".")[0]} & recurrent else component


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


def _classes(kind: str, *, float_only: bool) -> tuple[str, ...]:
    return OTHER_CLASSES if float_only else CLASSES.get(kind, OTHER_CLASSES)


def _is_rotation(name: str) -> bool:
    """Whether a module may be a transform's matrix, `{transform}_{location}`: no Linear to CT."""
    return _ROTATION.fullmatch(name.rpartition(".")[2]) is not None


def _is_router(name: str, expected: Expected | None) -> bool:
    if expected:
        return expected.float_only
    *parents, last = name.split(".")
    return last in ROUTERS or "router" in parents
