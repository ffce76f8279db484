"""Modules whose weights are there but not in the shape the config implies, by cause."""

from collections.abc import Iterator

import msgspec

from release.architecture import Architecture, ModelConfig
from release.architecture.skeleton import EMBEDDING, LINEAR, NORM, Shape
from release.facts.absences import TOWERS, expert_ids
from release.facts.components import EMBEDDINGS, HEAD
from release.facts.modules import Module, Modules
from release.quantization.schemes import Scheme

TABLES = {EMBEDDINGS, HEAD}
HEAD_NORMS = (".q_norm", ".k_norm")
MATRIX = 2  # dimensions


class Misfit(msgspec.Struct, frozen=True):
    """A tensor's logical shape and the one implied. `role` names the tensor in its module."""

    module: str
    role: str
    stored: Shape
    implied: Shape


class Misfits(msgspec.Struct, frozen=True):
    """Shapes that disagree with config.json, each under one cause.

    `vocab_rows` / `hidden_width`: what *all* embeddings and heads have instead of vocab_size /
    hidden_size, so that the config is at fault; `vocab`, `hidden`: single tables and norms that
    disagree (C106). `projections`: the rest (C107), empty where hidden_size itself is wrong, and
    without the routers of blocks whose experts are miscounted (C108).
    """

    vocab: tuple[Misfit, ...] = ()
    hidden: tuple[Misfit, ...] = ()
    projections: tuple[Misfit, ...] = ()
    vocab_rows: int | None = None
    hidden_width: int | None = None

    @property
    def modules(self) -> set[str]:
        """Names of all modules that have one."""
        return {misfit.module for misfit in (*self.vocab, *self.hidden, *self.projections)}


def provide_misfits(config: ModelConfig, architecture: Architecture, modules: Modules) -> Misfits:
    """Compare every stored module with what the config implies of it."""
    found = [
        misfit
        for name in architecture.modules
        if (module := modules.items.get(name)) is not None
        for misfit in _compare(module)
    ]
    tables = [module for module in modules if _is_table(module)]
    vocab = [m for m in found if _is_table(modules.items[m.module]) and m.stored[0] != m.implied[0]]
    width = _agreed([m.shape[1] for m in tables if m.shape], config.get("hidden_size"))
    if width is not None:
        return Misfits(tuple(vocab), (), (), _vocab_rows(tables, config), width)
    owned = set(vocab)
    hidden = [m for m in found if m not in owned and _is_hidden(modules.items[m.module], config)]
    owned.update(hidden)
    routers = [m for m in found if _is_router(modules.items[m.module], m)]
    if routers:
        owned.update(_of_miscounted(routers, expert_ids(architecture.modules), modules))
    return Misfits(
        tuple(vocab),
        tuple(hidden),
        tuple(m for m in found if m not in owned),
        _vocab_rows(tables, config),
        None,
    )


def _compare(module: Module) -> Iterator[Misfit]:
    implied = module.expected.tensors if module.expected else {}
    if module.kind in {LINEAR, EMBEDDING}:
        weight = module.tensors.get("weight")
        stored: Shape | None = module.shape if _layout_is_plain(module) else None
        if stored is None and weight is not None and len(weight.shape) != MATRIX:
            stored = weight.shape
        if stored is not None and "weight" in implied and stored != implied["weight"]:
            yield Misfit(module.name, "weight", stored, implied["weight"])
    for role, shape in implied.items():
        info = module.tensors.get(role)
        plain = role != "weight" or module.kind not in {LINEAR, EMBEDDING}
        if plain and info is not None and info.shape != shape:
            yield Misfit(module.name, role, info.shape, shape)


def _layout_is_plain(module: Module) -> bool:
    """Whether the stored dtype is its scheme's, so that the logical shape can be trusted."""
    packed = module.tensors.get("weight_packed")
    if packed is None:
        return True
    scheme = module.scheme
    return isinstance(scheme, Scheme) and packed.dtype in scheme.weight.dtypes


def _is_table(module: Module) -> bool:
    return module.component in TABLES and module.expected is not None


def _is_hidden(module: Module, config: ModelConfig) -> bool:
    implied = module.expected.tensors.get("weight", ()) if module.expected else ()
    if module.component in TOWERS:
        return False
    if _is_table(module):
        return True
    if module.name.endswith(HEAD_NORMS):
        return False  # as wide as the heads, which hidden_size may equal by chance
    return module.kind == NORM and implied == (config.get("hidden_size"),)


def _is_router(module: Module, misfit: Misfit) -> bool:
    return module.float_only and misfit.stored[1:] == misfit.implied[1:]  # its biases too


def _of_miscounted(
    routers: list[Misfit], expected: dict[str, set[str]], modules: Modules
) -> Iterator[Misfit]:
    stored = expert_ids(modules.items)
    for misfit in routers:
        block = misfit.module.rpartition(".")[0]
        if block in expected and stored.get(block) != expected[block]:
            yield misfit


def _agreed(values: list[int], declared: int) -> int | None:
    """The one value that all have, if it is not the declared one."""
    different = set(values)
    return values[0] if len(different) == 1 and values[0] != declared else None


def _vocab_rows(tables: list[Module], config: ModelConfig) -> int | None:
    return _agreed([m.shape[0] for m in tables if m.shape], config.get("vocab_size"))
