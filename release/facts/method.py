"""How the weights were quantized, as far as recipe.yaml says: it decides what can be compared."""

import msgspec

from release.facts.recipe import RECIPE_FILE, Recipe
from release.unknown import Unknown

ROUNDING = frozenset({"Quantization"})
MOVING = frozenset({"GPTQ", "AutoRound"})
FOLDING = frozenset({"AWQ", "SmoothQuant", "LogarithmicEqualization"})
SAMPLING = MOVING | FOLDING  # each runs samples through the model
ROTATING = frozenset({"SpinQuant", "QuIP"})


class Method(msgspec.Struct, frozen=True):
    """What a method leaves of the base's weights.

    `moved`: they were moved on purpose, to make up for the rounding of others. `folded`: scales
    went from norms into weights, or from one weight into the next. `rotated`: they were multiplied
    by rotations. `names` are the methods, empty where there is no recipe.
    """

    names: tuple[str, ...]
    moved: bool
    folded: bool
    rotated: bool


def provide_method(recipe: Recipe) -> Method | Unknown:
    """Read the methods off the recipe; without one, weights may have been moved."""
    if recipe.problem is not None:
        return Unknown(f"{RECIPE_FILE} {recipe.problem}")
    names = recipe.methods
    strange = sorted(names - ROUNDING - MOVING - FOLDING - ROTATING)
    if strange:
        return Unknown(f"{RECIPE_FILE} names {strange[0]!r:.60}, whose effect is not known")
    return Method(
        names=tuple(sorted(names)),
        moved=not names or bool(names & MOVING),
        folded=bool(names & FOLDING),
        rotated=bool(names & ROTATING),
    )
