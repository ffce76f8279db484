"""A name or a value on the card is not the one in config.json, or in recipe.yaml.

What it checks: formats of compressed-tensors (`nvfp4-pack-quantized`) against those of the
    declaration and of its config groups; the class that the card calls the model's architecture;
    the method that it says was used (AWQ, GPTQ) against the modifiers of recipe.yaml; formats of
    other tools (GGUF, MLX, bitsandbytes) that it says the files are in; values of keys
    (`tie_word_embeddings: true`), the release that wrote config.json, whether embeddings are tied;
    names of modules, keys, files and options that are theirs but for one letter.
Why it matters: readers look these words up to learn what can load the checkpoint.
How to fix: name what config.json and recipe.yaml name.
Seen in: cards copied from a release in another scheme.
"""

from release.architecture import ModelConfig
from release.audit.makers import METHODS
from release.audit.names import Name
from release.audit.page import Page
from release.audit.spelling import Slips
from release.audit.values import Value, agrees, true_values
from release.checkpoint import Checkpoint
from release.facts.recipe import RECIPE_FILE, Recipe
from release.quantization.config import METHOD, QuantizationConfig
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

ROUNDING = "Quantization"  # the modifier that is no method


@rule(since="0.1.0")
def check(  # noqa: PLR0913, PLR0917 - one for each fact that names are of
    page: Page,
    checkpoint: Checkpoint,
    names: tuple[Name, ...],
    keyed: tuple[Value, ...],
    slips: Slips,
    config: ModelConfig,
    quantization: QuantizationConfig | Unknown,
    recipe: Recipe,
) -> Findings:
    """Compare each name with the config's."""
    methods = {*recipe.methods}
    true: dict[str, set[str | None]] = {"class": {config.architecture}, "method": {*methods}}
    if not isinstance(quantization, Unknown):
        true["format"] = {quantization.format, *(group.format for group in quantization.groups)}
        true["tool"] = {METHOD, *(methods - {ROUNDING})} if quantization.groups else set()
    named: set[int] = set()
    own = f"{config.architecture} {config.model_type}"
    for name in names:
        if name.kind == "file" and name.name not in checkpoint.files:
            what = f"lists the file {name.name}, which is not there"
            yield Found(Where(file=page.name, line=name.line), what, "correct it")
            named.add(name.line)
        if name.kind == "family" and name.name.lower() not in own.lower():
            what = f"calls it a {name.name}, config.json has {config.architecture}"
            yield Found(Where(file=page.name, line=name.line), what, "correct it")
        known = sorted(word for word in true.get(name.kind, ()) if word)
        sure = name.kind != "tool" or name.name not in METHODS.values() or recipe.modifiers
        if known and sure and name.name not in known:
            file = RECIPE_FILE if name.kind == "method" else "config.json"
            what = f"names the {name.kind} {name.name}, {file} has {', '.join(known)}"
            named.add(name.line)
            yield Found(Where(file=page.name, line=name.line), what, "correct it")
    for word, near, line in slips.found:
        if line not in named:
            yield Found(Where(file=page.name, line=line), f"writes {word} for {near}", "correct it")
    for value in keyed:
        has = true_values(value.key, config)
        if has and not any(agrees(value.said, each) for each in has):
            what = f"says {value.key}: {value.said}, config.json has {', '.join(sorted(has))}"
            yield Found(Where(file=page.name, line=value.line), what, "correct it")
