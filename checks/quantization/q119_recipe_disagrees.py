"""recipe.yaml tells of another quantization than the declaration.

What it checks: the bits, type, symmetry and granularity of each config group are those of a step
    of the recipe, and the other way round; no module that the recipe ignores is stored
    quantized; a cache scheme is in both or in neither.
Why it matters: the recipe is what people repeat, and what a card tells of the calibration.
How to fix: publish the recipe that made these files.
Seen in: repositories whose recipe.yaml came from an earlier run.
"""

from release.facts.kernels import Service
from release.facts.misdeclared import Misdeclared
from release.facts.modules import Modules
from release.facts.recipe import RECIPE_FILE, Recipe
from release.quantization.arguments import Args
from release.quantization.config import ConfigGroup, QuantizationConfig
from release.quantization.formats import is_storable
from release.quantization.match import Targets
from release.quantization.naming import scheme_name
from release.quantization.schemes import CACHE_SCALES
from release.rules import Findings, Found, Where, rule
from release.text import quoted
from release.unknown import Unknown

FIX = "publish the recipe that made these files"


@rule(since="0.1.0", severity="warning")
def check(
    recipe: Recipe,
    quantization: QuantizationConfig,
    modules: Modules,
    misdeclared: Misdeclared,
    kernels: tuple[Service, ...],
    crowded: frozenset[str] | Unknown,
) -> Findings:
    """Compare what was asked for with what is declared and stored."""
    if recipe.problem:
        yield Found(Where(file=RECIPE_FILE), recipe.problem, FIX)
    asked = {_key(group): group for m in recipe.modifiers for group in m.groups if group.weights}
    if not asked or not quantization.path:
        return
    told = {_key(group): group for group in quantization.groups if group.weights}
    said = {service.group for service in kernels if not service.kernels}  # by Q115, then V118
    said |= misdeclared.tensors | misdeclared.unstored
    said |= frozenset() if isinstance(crowded, Unknown) else crowded
    for key, group in told.items():
        if key not in asked and _is_sound(group) and group.name not in said:
            where = Where(file=RECIPE_FILE, path=recipe.modifiers[-1].path)
            names = " and ".join(sorted({_name(other) for other in asked.values()}))
            what = f"it asks for {names}; {group.name:.60} is {_name(group)}"
            if _name(group) in names.split(" and "):
                what += " with other arguments"
            yield Found(where, what, FIX)
    for key, group in asked.items():
        if key not in told and told.keys() <= asked.keys() and not misdeclared.tensors:
            where = Where(file=RECIPE_FILE, path=group.path)
            yield Found(
                where, f"it asks for {_name(group)}, which no config group has", FIX, "info"
            )
    calibrated = any(
        modifier.kv_cache_scheme or any(group.weights is None for group in modifier.groups)
        for modifier in recipe.modifiers
    )  # llm-compressor derives a cache scheme where attention itself is quantized
    declared = quantization.kv_cache_scheme is not None
    scaled = any(not CACHE_SCALES.isdisjoint(module.tensors) for module in modules)
    if calibrated != declared and scaled == declared:  # else it is Q114's
        first, second = ("the recipe", "the config") if calibrated else ("the config", "the recipe")
        what = f"{first} has a kv_cache_scheme, {second} has none"
        yield Found(Where(file=RECIPE_FILE, path=recipe.modifiers[-1].path), what, FIX)
    yield from _ignored(recipe, modules)


def _ignored(recipe: Recipe, modules: Modules) -> Findings:
    """Modules that every quantizing step ignores and that are quantized all the same."""
    steps = [modifier for modifier in recipe.modifiers if modifier.groups]
    quantized = {
        module.name: () for module in modules if module.quantized and not module.claim.ignored_by
    }  # what the config ignores too is Q104's
    left = [
        {name: hits for name, hits in Targets(step.ignore).match(quantized).items() if hits}
        for step in steps
    ]
    for name in quantized:
        if left and all(name in hits for hits in left):
            entry = left[0][name][0]
            what = f"the recipe ignores it by {quoted(entry)}, and it is stored quantized"
            yield Found(Where(module=name), what, FIX)


def _is_sound(group: ConfigGroup) -> bool:
    """Whether the arguments can be read and stored; else they are Q107's or Q106's."""
    weights = group.weights
    stored = weights is None or is_storable(weights, group.input_activations)
    return stored and not group.unreadable and not (weights and weights.dynamic)


def _key(group: ConfigGroup) -> tuple[object, ...]:
    return _granularity(group.weights), _granularity(group.input_activations)


def _granularity(args: Args | None) -> tuple[object, ...] | None:
    if args is None:
        return None
    size = args.group_size if args.group_size != -1 else None
    kind = (args.num_bits, args.type, args.symmetric, args.strategy)
    return *kind, size, args.block_structure, args.dynamic


def _name(group: ConfigGroup) -> str:
    return scheme_name(group.weights, group.input_activations) if group.weights else "unquantized"
