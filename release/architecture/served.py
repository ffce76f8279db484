"""How vLLM 0.32 calls the modules of a family, which is not how they are stored."""

import msgspec

Renames = dict[str, str]


class Served(msgspec.Struct, frozen=True):
    """vLLM's names for a family's modules; the defaults are those of most text models.

    `parts`, `prefixes` and `ends` are the renames of its `hf_to_vllm_mapper`, applied in this order
    to the names of modules and to the entries of the declaration; `moved` parts are renamed where
    weights are loaded only, so that entries keep the stored name. `head` is the head's name.
    `experts` are the projections that it asks expert 0 for. `router`: whether routers can be
    quantized at all. `plain` are beginnings of names, or endings with a dot in front, of layers
    that are built unquantized. `unmapped` are fused layers that its packed_modules_mapping lacks
    when it reads the declaration: they go by their own name alone.
    Source: vllm/model_executor/models.
    """

    prefixes: Renames = {}
    parts: Renames = {}
    ends: Renames = {}
    moved: Renames = {}
    head: str = "lm_head"
    experts: tuple[str, ...] = ("gate_proj", "up_proj", "down_proj")
    router: bool = False
    plain: tuple[str, ...] = ()
    unmapped: tuple[str, ...] = ()

    def module(self, name: str) -> str:
        """Give vLLM's name of a stored module."""
        if name.rpartition(".")[2] == "lm_head":
            return self.head
        for old, new in self.moved.items():
            name = name.replace(old, new, 1)
        return self._renamed(f"{name}.").removesuffix(".")

    def builds_plain(self, layer: str) -> bool:
        """Whether vLLM never asks for this layer's quantization."""
        return layer.startswith(self.plain) or layer.endswith(
            tuple(end for end in self.plain if end.startswith("."))
        )

    def entry(self, text: str) -> str:
        """Give a target, or an entry of `ignore`, as vLLM rewrites it: paths only, no patterns."""
        return text if text.startswith("re:") or "." not in text else self._renamed(text)

    def _renamed(self, name: str) -> str:
        for old, new in self.parts.items():
            name = name.replace(old, new, 1)
        for old, new in self.prefixes.items():
            if name.startswith(old):
                name = new + name.removeprefix(old)
        for old, new in self.ends.items():
            if name.endswith(old):
                name = name.removesuffix(old) + new
        return name


# Multimodal models of LLaVA's kind.
LLAVA = Served(
    prefixes={
        "model.language_model.": "language_model.model.",
        "model.vision_tower.": "vision_tower.",
        "model.multi_modal_projector.": "multi_modal_projector.",
        "lm_head.": "language_model.lm_head.",
    },
    head="language_model.lm_head",
)
# Multimodal models of Qwen; the older ones have text layers without a prefix on disk.
QWEN_VL = Served(
    prefixes={
        "model.visual.": "visual.",
        "lm_head.": "language_model.lm_head.",
        "model.language_model.": "language_model.model.",
    },
    head="language_model.lm_head",
)
W_EXPERTS = ("w1", "w3", "w2")
