"""Which tensor stands before a weight: the norm whose output it reads, the weight that feeds it."""

from collections.abc import Collection, Iterator

# First projections of a block, by the norm before it: Llama's names, Gemma's, DeepSeek's.
_ATTENTION = ("input_layernorm",)
_FEED_FORWARD = ("pre_feedforward_layernorm", "post_attention_layernorm", "input_layernorm")
_BEFORE_ATTENTION = ("q_proj", "k_proj", "v_proj", "qkv_proj", "q_a_proj", "kv_a_proj_with_mqa")
_BEFORE_MIXER = ("in_proj_qkv", "in_proj_z", "in_proj_a", "in_proj_b", "in_proj_qkvz", "in_proj_ba")
_BEFORE_MLP = ("gate_proj", "up_proj", "gate_up_proj", "w1", "w3", "gate", "router")
_INSIDE = {"q_b_proj": "q_a_layernorm", "kv_b_proj": "kv_a_layernorm"}

PARTNERS = {
    "down_proj": ("up_proj", "gate_up_proj"),
    "o_proj": ("v_proj", "qkv_proj"),
    "w2": ("w3",),
}
"""A weight whose columns may have been scaled, and the one whose rows then were: its last rows."""

SCALED_ROWS = frozenset(name for names in PARTNERS.values() for name in names)

_POST_NORM, _PRE_NORM = "post_feedforward_layernorm", "pre_feedforward_layernorm"


def feeding_norms(module: str) -> Iterator[str]:
    """Name the norms that may stand before a weight, likeliest first, as tensors."""
    parts = module.split(".")
    last = parts[-1]
    if last in _INSIDE:
        yield ".".join([*parts[:-1], _INSIDE[last], "weight"])
        return
    numbers = [i for i, part in enumerate(parts) if part.isdecimal()]
    if not numbers:
        return
    layer = parts[: numbers[0] + 1]
    norms = (
        _ATTENTION
        if last in _BEFORE_ATTENTION or last in _BEFORE_MIXER
        else (_FEED_FORWARD if last in _BEFORE_MLP or last == "shared_expert_gate" else ())
    )
    for norm in norms:
        yield ".".join([*layer, norm, "weight"])


def partners(module: str) -> Iterator[str]:
    """The weight whose rows were scaled where the columns of this one were, by its two names."""
    block, _, last = module.rpartition(".")
    for name in PARTNERS.get(last, ()):
        yield f"{block}.{name}"


def norm_before(module: str, tensors: Collection[str]) -> str | None:
    """The norm whose output a weight reads as it is; None where the names leave that open.

    OLMo 2 and EXAONE 4 have norms behind their blocks only; experts read what a router let through.
    """
    named = [norm for norm in feeding_norms(module) if norm in tensors]
    if not named or named[0].removesuffix("weight") + "bias" in tensors:
        return None
    layer, _, last = named[0].removesuffix(".weight").rpartition(".")
    after, before = (f"{layer}.{norm}.weight" in tensors for norm in (_POST_NORM, _PRE_NORM))
    first = next(feeding_norms(module)).rpartition(".")[0] == f"{layer}.{last}"
    second = last == "post_attention_layernorm" and (before or not after)
    return named[0] if first or second else None
