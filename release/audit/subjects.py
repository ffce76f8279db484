"""What people call the parts and settings of a model, and which facts these words mean."""

import re

from release.facts.components import (
    ATTENTION,
    AUDIO,
    EMBEDDINGS,
    EXPERTS,
    HEAD,
    LINEAR_ATTENTION,
    MLP,
    MTP,
    NORMS,
    PROJECTOR,
    ROUTER,
    SCALES,
    VISION,
)

WHOLE = "all weights"

# The first that matches decides. They are held against a row's label, never against prose.
COMPONENTS = {
    rf"{HEAD}|lm head|output (?:head|layer)|language model head": HEAD,
    r"embed\w*(?: tokens)?|token embeddings?|input embeddings?": EMBEDDINGS,
    r"mtp(?: head| layers?| weights)?|multi-token prediction": MTP,
    r"(?:vision|visual)(?: (?:encoder|tower|model))?|vit": VISION,
    r"audio(?: (?:encoder|tower))?": AUDIO,
    r"(?:multimodal |mm )?projector": PROJECTOR,
    r"(?:quantization |quant )?scales?": SCALES,
    r"(?:all )?(?:layer ?)?norms?": NORMS,
    r"(?:routed |moe )?experts": EXPERTS,
    r"router|gates?": ROUTER,
    r"mlps?(?:\.(?:_proj)?)?|ffn|feed[- ]forward": MLP,
    r"(?:gated )?(?:delta ?net|linear attention|gdn|mamba)(?: attention| layers)?": (
        LINEAR_ATTENTION
    ),
    r"(?:softmax |full |self[- ]?)?attention|attn|self_attn(?:\.(?:_proj)?)?": ATTENTION,
    r"(?:grand )?total|sum|all(?: weights)?|whole model": WHOLE,
}

# A label of a table or list -> the key of config.json that it states.
SETTINGS = {
    r"hidden(?:[ _](?:size|dim(?:ension)?))?|隐藏(?:层)?(?:维度|大小)": "hidden_size",
    r"(?:num[ _])?(?:hidden[ _])?layers|(?:number of|total) (?:hidden )?layers|层数": (
        "num_hidden_layers"
    ),
    r"(?:mlp |ffn )?intermediate(?:[ _]size| dim(?:ension)?)?": "intermediate_size",
    r"moe[ _]intermediate[ _]size": "moe_intermediate_size",
    r"vocab(?:ulary)?(?:[ _]size)?|token embedding|词表(?:大小)?": "vocab_size",
    r"max[ _]position[ _]embeddings|(?:native |max(?:imum)? )?context(?: (?:length|window))?"
    r"|(?:最大)?上下文(?:长度)?": "max_position_embeddings",
    r"head[ _]dim(?:ension)?": "head_dim",
    r"num[ _]attention[ _]heads|(?:query|attention) heads": "num_attention_heads",
    r"num[ _]key[ _]value[ _]heads|kv heads|key-value heads": "num_key_value_heads",
    r"(?:num[ _]|number of (?:routed )?|total |routed )?experts": "num_experts",
    r"num[ _]experts[ _]per[ _]tok(?:en)?": "num_experts_per_tok",
    r"(?:number of )?(?:active|activated) experts(?: per token)?": "num_experts_per_tok",
    r"experts per token": "num_experts_per_tok",
}

PARAMETERS = re.compile(
    r"(?:(?:total |number of |model )?param(?:s|eters?)(?: count)?|model size|参数(?:量)?)",
    re.IGNORECASE,
)
SIZE = re.compile(
    r"(?:(?:model |checkpoint |download |disk |total )?size(?: on disk)?|(?:模型|权重|总)?大小)",
    re.IGNORECASE,
)

# Words before a size in prose that say it is of all weights.
OF_WEIGHTS = re.compile(
    r"on disk|in vram|of weights|weights (?:take|are|need)|model loads|checkpoint (?:is|size)"
    r"|(?:total|model|download|file|repo(?:sitory)?|disk) size",
    re.IGNORECASE,
)


def component(label: str) -> str | None:
    """The component that a row's label means."""
    return _find(COMPONENTS, label)


def counts_parameters(label: str) -> bool:
    """Whether a label says that its value is how many parameters the model has."""
    return PARAMETERS.fullmatch(_words(label)) is not None


def is_ratio(label: str) -> bool:
    """Whether a label says how many times smaller the model is than it was."""
    return re.fullmatch(r"compression(?: ratio| factor)?", _words(label)) is not None


def sizes_all(label: str) -> bool:
    """Whether a label says that its value is the size of the whole model, and nothing else."""
    return SIZE.fullmatch(_words(label)) is not None


def setting(label: str) -> str | None:
    """The setting of config.json that a label means."""
    return _find(SETTINGS, label)


def _find(table: dict[str, str], label: str) -> str | None:
    words = _words(label)
    return next((name for form, name in table.items() if re.fullmatch(form, words)), None)


def _words(label: str) -> str:
    return re.sub(r"\s*\(.*?\)|[:*`]", "", label).strip().lower()
