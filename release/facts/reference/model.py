"""transformers' own model: beside our family file, or in its place where we have none."""

import re
from collections.abc import Collection

import msgspec

from release.architecture import FAMILIES, Architecture, ModelConfig, derive_architecture
from release.architecture.skeleton import (
    CONV,
    EMBEDDING,
    LINEAR,
    NORM,
    ROUTERS,
    VECTOR,
    Expected,
    Shape,
)
from release.checkpoint import Checkpoint
from release.facts.reference import Reference, ask
from release.unknown import Unknown

FAMILY = "transformers' class"
MATRIX = 2
HALF = 0.5
MOST_LAYERS = 2_000
_LAYER = re.compile(r"(.+?)\.(\d+)\.")
_KINDS = {"Linear": LINEAR, "Embedding": EMBEDDING}


class TheirModel(msgspec.Struct, frozen=True):
    """The model that transformers builds from config.json, by the names it would save.

    `released` has experts as the class holds them, `linear` a matrix for each; both map tensors
    to shapes. `kinds` are the classes of modules, `ignored` patterns of stored tensors that it
    does not load. `refusal` is why the class cannot be built: then nothing else is known.
    """

    source: str
    refusal: str | None = None
    released: dict[str, Shape] = {}
    linear: dict[str, Shape] = {}
    kinds: dict[str, str] = {}
    tied: bool = False
    layers: int | None = None
    ignored: tuple[str, ...] = ()

    def tensors(self, stored: Collection[str]) -> dict[str, Shape]:
        """Give its tensors; of the forms of experts the one whose modules are `stored`."""
        cut = _modules(self.linear) - _modules(self.released)
        whole = _modules(self.released) - _modules(self.linear)
        fused = not whole.isdisjoint(stored) and cut.isdisjoint(stored)
        return self.released if fused else self.linear


def provide_their_model(
    checkpoint: Checkpoint, config: ModelConfig, reference: Reference
) -> TheirModel | Unknown:
    """Ask transformers to build the model on the meta device."""
    layers = config.get("num_hidden_layers")
    if type(layers) is int and layers > MOST_LAYERS:
        return Unknown(f"{layers:,} layers are more than any model has")
    answers = ask(reference, "build", {"folder": str(checkpoint.folder.root.resolve())})
    if "unable" in answers:
        return Unknown(f"transformers cannot build the model: {answers['unable']}")
    return msgspec.convert(answers | {"source": reference.named("transformers")}, TheirModel)


def derive_from(
    model: TheirModel, config: ModelConfig, stored: Collection[str]
) -> Architecture | Unknown:
    """Turn their model into an architecture. Unknown if `stored` modules are named otherwise."""
    if model.refusal is not None:
        return Unknown(f"{model.source} cannot build the model: {model.refusal}")
    tensors = model.tensors(stored)
    modules: dict[str, dict[str, Shape]] = {}
    for tensor, shape in tensors.items():
        name, _, role = tensor.rpartition(".")
        modules.setdefault(name, {})[role] = shape
    if len(modules.keys() & set(stored)) < HALF * len(modules):
        return Unknown(f"{model.source} names the modules of {config.architecture} otherwise")
    stack, layers = _stack(modules, model.layers)
    return Architecture(
        family=FAMILY,
        modules={name: _expected(name, roles, model) for name, roles in modules.items()},
        caches=Unknown(f"transformers does not say what {config.architecture} caches"),
        fused={},
        stack=stack,
        layers=layers,
        tied=model.tied,
        mtp=None,
        mtp_layers=0,
        vision=config.vision is not None,
        served=None,
        unread=model.ignored,
    )


def _modules(tensors: Collection[str]) -> set[str]:
    return {name.rpartition(".")[0] for name in tensors}


def _expected(name: str, roles: dict[str, Shape], model: TheirModel) -> Expected:
    kind, weight = model.kinds.get(name), roles.get("weight")
    if kind in _KINDS:
        return Expected(_KINDS[kind], roles)
    if weight is None:
        return Expected(VECTOR, roles)
    if len(weight) != MATRIX:
        return Expected(NORM if len(weight) < MATRIX else CONV, roles)
    last = name.rpartition(".")[2]
    # A class of its own around a matrix is a router; a name we do not find is a renamed module.
    router = kind is not None or last in ROUTERS
    return Expected(EMBEDDING if "embed" in last else LINEAR, roles, float_only=router)


def _stack(names: Collection[str], layers: int | None) -> tuple[str, int]:
    """The list of decoder layers: the one as long as the config says, else the longest."""
    lists: dict[str, set[str]] = {}
    for name in names:
        match = _LAYER.match(f"{name}.")
        if match:
            lists.setdefault(match[1], set()).add(match[2])
    right = [name for name, numbers in lists.items() if len(numbers) == layers]
    found = min(right, default=None, key=len) or max(
        lists, default="model.layers", key=lambda name: len(lists[name])
    )
    return found, layers or len(lists.get(found, ()))


class Difference(msgspec.Struct, frozen=True):
    """A tensor of which our family file and transformers' class think differently; None: absent."""

    tensor: str
    ours: Shape | None
    theirs: Shape | None


def provide_model_differences(
    config: ModelConfig, their_model: TheirModel
) -> tuple[Difference, ...] | Unknown:
    """Hold our family file to their class, in their spelling of the names; none without a file."""
    if config.model_type not in FAMILIES or their_model.refusal is not None:
        return ()
    theirs = their_model.linear
    ours = derive_architecture(config, _modules(theirs))
    if isinstance(ours, Unknown):
        return ours
    implied = {
        f"{name}.{role}": shape
        for name, expected in ours.modules.items()
        for role, shape in expected.tensors.items()
    }
    return tuple(
        Difference(tensor, implied.get(tensor), theirs.get(tensor))
        for tensor in dict.fromkeys((*theirs, *implied))
        if implied.get(tensor) != theirs.get(tensor)
    )
