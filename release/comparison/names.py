"""One name for a tensor, however the release, transformers and llm-compressor spell it."""

import re

# Wrappers around the text model; towers keep their own name.
_WRAPPERS = ("model.", "language_model.", "text_model.", "backbone.")
_BLOCKS = {
    "block_sparse_moe": "mlp",
    "feed_forward": "mlp",
    "embeddings": "embed_tokens",
    "norm_f": "norm",
}
_TOWER = re.compile(r"^(vision_tower|audio_tower)\.(?:vision_model|audio_model)\.")
_EXPERT = re.compile(r"(\.experts\.\d+\.)(w1|w2|w3)(?=\.|$)")
_W_NAMES = {"w1": "gate_proj", "w2": "down_proj", "w3": "up_proj"}


def canonical(name: str) -> str:
    """Strip wrappers' prefixes and settle the words that differ between releases.

    Both sides are treated alike, so only that different tensors keep different names matters.
    """
    while (prefix := next((p for p in _WRAPPERS if name.startswith(p)), None)) is not None:
        name = name.removeprefix(prefix)
    name = _TOWER.sub(r"\1.", name)
    name = ".".join(_BLOCKS.get(part, part) for part in name.split("."))
    return _EXPERT.sub(lambda found: found[1] + _W_NAMES[found[2]], name)
