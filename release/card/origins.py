"""Where each value on a card comes from, by its name: the longest prefix counts."""

from release.card.figures import Origin

HEADERS = "safetensors headers"
CONFIG = "config.json"
MANIFEST = "release.toml"

_FIT = "vLLM's own arithmetic over the safetensors headers, config.json and the GPU's memory"
_SMOKE = "vLLM itself, when it ran these files"

_ORIGINS = {
    "": Origin("the report of `release verify`", "exact"),
    "facts": Origin("the report of `release verify`", "exact"),
    "facts.weights": Origin(f"{HEADERS}: every tensor added up once", "exact"),
    "facts.weights.hub_parameters": Origin(
        f"{HEADERS}, counted as the Hub's page counts them", "estimated"
    ),
    "facts.precision": Origin(f"{HEADERS} and {CONFIG}: groups resolved on every module", "exact"),
    "facts.model": Origin(CONFIG, "exact"),
    "facts.kv": Origin(f"formula over {CONFIG}: page sizes of vLLM's cache", "exact"),
    "facts.quantization": Origin(f"{CONFIG}: quantization_config", "exact"),
    "facts.method": Origin("recipe.yaml", "exact"),
    "facts.values": Origin("every byte of the weights", "measured"),
    "facts.base": Origin("every tensor against the base's", "measured"),
    "facts.minimum_vllm": Origin("table of what each release of vLLM can read", "exact"),
    "facts.smoke": Origin(_SMOKE, "measured"),
    "facts.smoke.arguments": Origin(f"{_SMOKE}: its arguments", "exact"),
    "report": Origin("the report of `release verify`", "exact"),
    "report.checkpoint": Origin("sha256 of every byte", "exact"),
    "report.suppressed": Origin(f"{MANIFEST}: allow", "stated"),
    "manifest": Origin(MANIFEST, "stated"),
    "profiles": Origin(_FIT, "estimated"),
    "profiles.name": Origin(f"{MANIFEST}: serve", "stated"),
    "profiles.vllm": Origin(f"{MANIFEST}: serve, else the newest that was read", "stated"),
    "profiles.lines": Origin(f"{MANIFEST}: serve", "stated"),
    "profiles.note": Origin(f"{MANIFEST}: serve", "stated"),
    "evaluation": Origin("results of lm-eval that release.toml names", "measured"),
    "issues": Origin(f"{MANIFEST}: known-issues", "stated"),
    # Tables, by title and column.
    "table.Weights": Origin(f"{HEADERS}: every tensor added up once", "exact"),
    "table.Precision": Origin(f"{HEADERS} and {CONFIG}: groups resolved on every module", "exact"),
    "table.Architecture": Origin(CONFIG, "exact"),
    "table.KV cache": Origin(f"formula over {CONFIG}: page sizes of vLLM's cache", "exact"),
    "table.Kernels": Origin(_SMOKE, "measured"),
    "table.Measured": Origin(_SMOKE, "measured"),
    "table.Measured.Predicted": Origin(_FIT, "estimated"),
    "table.Hardware": Origin(_FIT, "estimated"),
    "table.Hardware.GPU": Origin(f"{MANIFEST}: serve", "stated"),
    "table.Kernels by GPU": Origin("what vLLM's kernels need of a GPU", "exact"),
    "table.Provenance": Origin("the origins of all figures on this card", "exact"),
    "table.Evaluation": Origin("results of lm-eval that release.toml names", "measured"),
    "table.Distance": Origin("every tensor against the base's", "measured"),
    "recipe": Origin("recipe.yaml", "exact"),
    "files": Origin("pictures and results that `release card` writes beside the card", "exact"),
    "header": Origin(MANIFEST, "stated"),
    "header.datasets": Origin(f"{MANIFEST}: ancestors", "stated"),
    "header.tags": Origin(f"{HEADERS}, {CONFIG} and {MANIFEST}", "exact"),
    "header.library_name": Origin("what the Hub's page needs to offer vLLM", "exact"),
    "header.base_model_relation": Origin(f"{CONFIG}: quantization_config", "exact"),
    "header.pipeline_tag": Origin(f"{MANIFEST}, else {CONFIG}", "stated"),
}


def origin_of(name: str) -> Origin:
    """The origin of a value, a column or a field of the header, by its dotted name."""
    while name and name not in _ORIGINS:
        name = name.rpartition(".")[0]
    return _ORIGINS[name]
