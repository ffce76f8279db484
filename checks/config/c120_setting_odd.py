"""A setting contradicts another one, or the tensors.

What it checks: dtype and torch_dtype agree, with each other and with the unquantized weights;
    rope_scaling and rope_parameters agree, name a type that exists and give what it needs;
    mrope_section fills the rotary dimensions; query heads are a multiple of key/value heads, and
    a tower's width one of its heads; a token goes to one expert at least and to no more than there
    are, whose groups are of one size.
Why it matters: a wrong dtype casts every weight at start; wrong rope settings show up only in
    long prompts or in images.
How to fix: take the setting from the base model's config.json.
Seen in: configs edited by hand to extend the context.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from release.architecture import ModelConfig
from release.architecture.config import COUNT_CAP
from release.facts.absences import TOWERS
from release.facts.misfits import Misfits
from release.facts.modules import Modules
from release.rules import Findings, Found, in_config, rule
from release.unknown import Unknown

STORED = {"BF16": "bfloat16", "F16": "float16", "F32": "float32"}
MOST = 0.9
SCALED = {"linear", "dynamic", "yarn", "llama3", "deepseek_yarn"}
LLAMA3 = ("low_freq_factor", "high_freq_factor", "original_max_position_embeddings")
TYPES = SCALED | {
    *("default", "longrope", "su", "mrope", "proportional", "axial", "ntk", "xdrope"),
    *("deepseek_llama_scaling", "mllama4"),
}
FIX = "take it from the base model's config.json"


@rule(since="0.1.0", severity="warning")
def check(config: ModelConfig, modules: Modules | Unknown, misfits: Misfits | Unknown) -> Findings:
    """Judge dtype, rope and heads."""
    yield from _dtypes(config, modules)
    wrong = set() if isinstance(misfits, Unknown) else misfits.modules
    queries = any(name.endswith(".q_proj") for name in wrong)  # C107 says it of the heads
    ropes = {key: config.text.get(key) for key in ("rope_scaling", "rope_parameters")}
    kinds = [_kind(value) for value in ropes.values() if isinstance(value, dict) and _kind(value)]
    if len(set(kinds)) > 1:
        place = in_config(f"{config.text_path}rope_scaling")
        yield Found(place, f"type {kinds[0]!r}, rope_parameters has {kinds[1]!r}", FIX)
    for key, value in ropes.items():
        if value is not None and not isinstance(value, dict):
            where = in_config(f"{config.text_path}{key}")
            yield Found(where, f"{value!r:.40} is not an object", FIX)
        for path, rope in _ropes(f"{config.text_path}{key}", value):
            yield from _rope(path, rope, None if queries else _rotary(config, rope))
    heads, groups = config.get("num_attention_heads"), config.get("num_key_value_heads")
    sound = type(heads) is int and type(groups) is int and groups > 0 and 0 <= heads <= COUNT_CAP
    if sound and heads % groups and not queries:
        message = f"{heads} query heads are not a multiple of {groups} key/value heads"
        yield Found(in_config(f"{config.text_path}num_key_value_heads"), message, FIX, "error")
    tower = config.vision or {}
    width, parts = (
        _count(tower.get("embed_dim", tower.get("hidden_size"))),
        _count(tower.get("num_heads")),
    )
    if width and parts and "head_dim" not in tower and width % parts:
        message = f"the tower's {width} dimensions do not divide into {parts} heads"
        yield Found(in_config("vision_config.num_heads"), message, FIX, "error")
    for key, message in _routing(config):
        yield Found(in_config(f"{config.text_path}{key}"), message, FIX, "error")


def _routing(config: ModelConfig) -> Iterator[tuple[str, str]]:
    """Settings of the router that cannot be followed."""
    count, keys = _experts(config), ("num_experts_per_tok", "n_group", "topk_group")
    chosen, groups, kept = (_count(config.get(key)) for key in keys)
    if not count:
        return
    if chosen is not None and not 0 < chosen <= count:
        yield keys[0], f"a token goes to {chosen} experts, and there are {count}"
    if groups is not None and (groups < 1 or count % groups):
        yield keys[1], f"{count} experts do not divide into {groups} groups"
    elif groups and kept is not None and not 0 < kept <= groups:
        yield keys[2], f"{kept} groups are kept, and there are {groups}"


def _count(value: Any) -> int | None:
    return value if type(value) is int and value <= COUNT_CAP else None


def _experts(config: ModelConfig) -> int | None:
    counts = (
        config.text.get(key) for key in ("num_experts", "num_local_experts", "n_routed_experts")
    )
    return max((count for count in counts if type(count) is int), default=None)


def _dtypes(config: ModelConfig, modules: Modules | Unknown) -> Findings:
    levels = {"": config.raw} | ({config.text_path: config.text} if config.text_path else {})
    for prefix, level in levels.items():
        new, old = _text(level.get("dtype")), _text(level.get("torch_dtype"))
        if new and old and new != old:
            message = f"dtype is {new}, torch_dtype is {old}"
            yield Found(in_config(f"{prefix}dtype"), message, "keep one of them")
    if isinstance(modules, Unknown):
        return
    sizes: Counter[str] = Counter()
    for module in modules:
        weight = module.tensors.get("weight")
        matrix = weight is not None and len(weight.shape) > 1
        if weight and matrix and not module.quantized and module.component not in TOWERS:
            sizes[STORED.get(weight.dtype, "")] += weight.elements
    stored, size = next(iter(sizes.most_common(1)), ("", 0))
    declared = config.dtype
    clear = size > MOST * sizes.total() and stored
    if clear and declared in STORED.values() and declared != stored:
        yield Found(
            where=in_config("dtype" if "dtype" in config.raw else "torch_dtype"),
            message=f"it is {declared}, the unquantized weights are {stored}",
            fix=f"set it to {stored}, or export the weights in {declared}",
        )


def _ropes(path: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """One set of parameters, or one for each kind of layer."""
    if not isinstance(value, dict):
        return
    nested = {key: entry for key, entry in value.items() if isinstance(entry, dict)}
    if nested and _kind(value) is None:
        yield from ((f"{path}.{key}", entry) for key, entry in nested.items())
    else:
        yield path, value


def _rope(path: str, rope: dict[str, Any], rotary: int | None) -> Findings:
    kind = _kind(rope)
    if kind is not None and kind not in TYPES:
        message = f"type {kind!r:.40} is not one that readers know"
        yield Found(in_config(f"{path}.rope_type"), message, FIX)
    factor = rope.get("factor")
    if kind in SCALED and not (_number(factor) and factor >= 1):
        what = f"{kind} needs a factor of 1 or more"
        yield Found(in_config(f"{path}.factor"), what, FIX, _severity(rope, "factor"))
    for key in LLAMA3 if kind == "llama3" else ():
        if not _number(rope.get(key)):
            message = f"llama3 needs it, and it is {_say(rope, key)}"
            yield Found(in_config(f"{path}.{key}"), message, FIX, _severity(rope, key))
    theta = rope.get("rope_theta")
    if theta is not None and not (_number(theta) and theta > 0):
        yield Found(in_config(f"{path}.rope_theta"), f"{theta!r:.40} is not a base", FIX)
    section = rope.get("mrope_section")
    counts = section if isinstance(section, list) else []
    countable = bool(counts) and rotary is not None and all(type(n) is int for n in counts)
    if countable and sum(counts) * 2 != rotary:
        message = f"{counts!s:.60} adds up to half of {2 * sum(counts)}, not of {rotary} dimensions"
        yield Found(in_config(f"{path}.mrope_section"), message, FIX)


def _severity(rope: Mapping[str, Any], key: str) -> str | None:
    """A key that is not there is an error, for none can load it; an odd value is a warning.

    `alpha` stands for the factor of dynamic types in vLLM.

    Source: transformers 5, modeling_rope_utils, `_check_received_keys`; vLLM 0.32, `get_rope`.
    """
    return None if key in rope or "alpha" in rope else "error"


def _rotary(config: ModelConfig, rope: Mapping[str, Any]) -> int | None:
    head, heads, hidden = map(config.get, ("head_dim", "num_attention_heads", "hidden_size"))
    if head is None and type(heads) is int and type(hidden) is int and heads > 0:
        head = hidden // heads
    share = rope.get("partial_rotary_factor", config.get("partial_rotary_factor"))
    share = 1.0 if share is None else share
    sane = type(head) is int and head < 1 << 20 and _number(share) and 0 < share <= 1
    return int(head * share) if sane else None


def _kind(rope: Mapping[str, Any]) -> str | None:
    kind = rope.get("rope_type", rope.get("type"))
    return None if kind is None else str(kind)


def _say(rope: Mapping[str, Any], key: str) -> str:
    return f"{rope[key]!r:.40}" if key in rope else "absent"


def _text(value: Any) -> str | None:
    return value.removeprefix("torch.") if isinstance(value, str) else None


def _number(value: Any) -> TypeGuard[float]:
    return type(value) in {int, float}
