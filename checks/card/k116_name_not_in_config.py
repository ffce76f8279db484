"""A name on the card is not the one in config.json, or in recipe.yaml.

What it checks: formats of compressed-tensors (`nvfp4-pack-quantized`) against those of the
    declaration and of its config groups; the class that the card calls the model's architecture;
    the method that it says was used (AWQ, GPTQ) against the modifiers of recipe.yaml.
Why it matters: readers look these words up to learn what can load the checkpoint.
How to fix: name what config.json and recipe.yaml name.
Seen in: cards copied from a release in another scheme.
"""

from release.architecture import ModelConfig
from release.audit.names import Name
from release.audit.page import Page
from release.facts.recipe import RECIPE_FILE, Recipe
from release.quantization.config import QuantizationConfig
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown


@rule(since="0.1.0")
def check(
    page: Page,
    names: tuple[Name, ...],
    config: ModelConfig,
    quantization: QuantizationConfig | Unknown,
    recipe: Recipe,
) -> Findings:
    """Compare each name with the config's."""
    true: dict[str, set[str | None]] = {"class": {config.architecture}, "method": {*recipe.methods}}
    if not isinstance(quantization, Unknown):
        true["format"] = {quantization.format, *(group.format for group in quantization.groups)}
    for name in names:
        known = sorted(word for word in true.get(name.kind, ()) if word)
        if known and name.name not in known:
            file = RECIPE_FILE if name.kind == "method" else "config.json"
            what = f"names the {name.kind} {name.name}, {file} has {', '.join(known)}"
            yield Found(Where(file=page.name, line=name.line), what, "correct it")
