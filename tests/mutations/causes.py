"""Faults that several rules used to see, or none: one cause each."""

from collections.abc import Callable

from tests.mutate import Draft, pack_shard
from tests.mutations.config import setting
from tests.mutations.fault import Fault
from tests.mutations.owners import left_out
from tests.mutations.resolution import FP8, GROUP, GROUPS, KV, MIXED, NVFP4, ROOT, ignoring
from tests.mutations.tensors import OUT, W4, put

TRANSFORMS, IMAGES = f"{ROOT}.transform_config", "preprocessor_config.json"
DOWN, ROTATED = "model.layers.0.mlp.down_proj", ("llama-nvfp4-spinquant-r4",)
LAST, FUSED = "model.layers.1.mlp.down_proj", "model.layers.0.self_attn"
LATENT = ("deepseek_v3-nvfp4",)
TEMPLATE, CACHE = "chat_template.jinja", f"{ROOT}.kv_cache_scheme"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 1234\n"
ADAPTER = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"


def file(name: str, content: bytes | str) -> Callable[[Draft], Draft]:
    """Write a file."""
    return lambda draft: draft.write(name, content)


def relabel(tensor: str, dtype: str, *shape: int) -> Callable[[Draft], Draft]:
    """Declare another dtype for the same bytes, and another shape where one is given."""

    def change(draft: Draft) -> Draft:
        entry = {"dtype": dtype} | ({"shape": list(shape)} if shape else {})
        return draft.header(draft.tensors()[tensor], lambda header: header[tensor].update(entry))

    return change


def renamed(old: str, new: str) -> Callable[[Draft], Draft]:
    """Replace a text in the names of all tensors."""

    def change(draft: Draft) -> Draft:
        for name in [name for name in draft.tensors() if old in name]:
            draft.rename(name, name.replace(old, new))
        return draft

    return change


def also_in(group: str, part: str) -> Callable[[Draft], Draft]:
    """Add the targets of the other group that have a text in them to a group."""

    def change(draft: Draft) -> Draft:
        groups = draft.read()[ROOT]["config_groups"]
        others = [t for name, g in groups.items() if name != group for t in g["targets"]]
        more = [target for target in others if part in target]
        return draft.config(f"{GROUPS}.{group}.targets", [*groups[group]["targets"], *more])

    return change


def lost_by_name(draft: Draft) -> Draft:
    """Name every module in the targets, and leave one of them out of the files."""
    names = {n.rpartition(".")[0] for n in draft.tensors() if n.endswith("weight_scale")}
    draft.config(f"{GROUP}.targets", sorted(names))
    for name in [name for name in draft.tensors() if name.startswith(f"{LAST}.")]:
        draft.drop(name)
    return draft


FAULTS = (
    Fault("F106", "a template left in git-LFS", file(TEMPLATE, POINTER), TEMPLATE, NVFP4),
    Fault("F106", "an empty template", file(TEMPLATE, ""), TEMPLATE, NVFP4),
    Fault(
        "F111",
        "an adapter beside a single file",
        file("adapter_model.safetensors", pack_shard({ADAPTER: ("F32", [1], b"\0\0\x80\x3f")})),
        "adapter_model.safetensors",
        NVFP4,
    ),
    Fault(
        "Q102",
        "a target in two groups",
        also_in("group_1", "down_proj"),
        f"{GROUPS}.group_1.targets.3",
        MIXED,
    ),
    Fault(
        "Q102",
        "a part of a fused layer in two groups",
        also_in("group_1", "q_proj"),
        f"{GROUPS}.group_1.targets.3",
        MIXED,
    ),
    Fault(
        "Q120",
        "a rotation whose matrix was left out",
        lambda draft: draft.drop(f"{DOWN}.R4_input.weight"),
        f"{TRANSFORMS}.config_groups.R4",
        ROTATED,
    ),
    Fault(
        "Q120",
        "a rotation not declared",
        setting(TRANSFORMS, {}),
        f"{DOWN}.R4_input.weight",
        ROTATED,
    ),
    Fault(
        "C106",
        "a head with one dimension more",
        relabel("lm_head.weight", "BF16", 1, 384, 128),
        "lm_head",
        ("llama-nvfp4",),
    ),
    Fault(
        "T112",
        "a norm of whole numbers",
        lambda draft: draft.retype("model.norm.weight", "I32", draft.shape("model.norm.weight")),
        "model.norm",
        ("llama-nvfp4", "gemma2-int8-gptq"),
    ),
    Fault(
        "C103",
        "a classifier without its head",
        setting("architectures", ["LlamaForSequenceClassification"]),
        "architectures",
        ("llama-nvfp4",),
    ),
    Fault(
        "Q114",
        "a dynamic cache with scales",
        setting(f"{CACHE}.dynamic", True),
        CACHE,
        KV,
    ),
    Fault(
        "Q114",
        "cache scales under an old name",
        renamed("self_attn.k_scale", "self_attn.k_proj.output_scale"),
        "model.layers.1.self_attn.k_proj",
        KV,
    ),
    Fault(
        "T102",
        "an order of columns that nothing declares",
        put(f"{OUT}.weight_g_idx", "I32", 128, beside=f"{OUT}.weight_packed"),
        f"{OUT}.weight_g_idx",
        W4,
        ("V121",),
    ),
    Fault(
        "T104",
        "a projection that only the fused name covers",
        setting(f"{GROUP}.targets", [r"re:.*(k|v|o|gate|up|down)_proj$"]),
        "model.layers.1.self_attn.q_proj",
        NVFP4,
    ),
    Fault(
        "T106",
        "packed words of another width",
        relabel(f"{OUT}.weight_packed", "I64", 128, 8),
        f"{OUT}.weight_packed",
        W4,
    ),
    Fault(
        "T106",
        "codes under another type",
        relabel(f"{OUT}.weight", "U8"),
        f"{OUT}.weight",
        (*FP8, "llama-w8a8-int8"),
    ),
    Fault(
        "T106",
        "block scales under another type",
        relabel(f"{OUT}.weight_scale", "U8"),
        f"{OUT}.weight_scale",
        NVFP4,
    ),
    Fault(
        "T101",
        "packed weights under the plain name",
        renamed(f"{OUT}.weight_packed", f"{OUT}.weight"),
        OUT,
        NVFP4,
    ),
    Fault(
        "T117",
        "a projection under another name",
        renamed("layers.1.mlp.gate_proj", "layers.1.mlp.w1"),
        "model.layers.1.mlp.gate_proj",
        FP8,
    ),
    Fault(
        "T117",
        "queries that the config has no rank for",
        setting("q_lora_rank", None),
        "model.layers.1.self_attn.q_proj",
        LATENT,
    ),
    Fault(
        "C108",
        "experts in a layer that the config makes dense",
        setting("first_k_dense_replace", 2),
        "model.layers.1.mlp",
        LATENT,
    ),
    Fault(
        "C103",
        "one layer under another prefix",
        renamed("model.layers.1.", "layers.1."),
        "layers.1.mlp.down_proj",
        NVFP4,
    ),
    Fault(
        "C103",
        "the model_type of another family",
        setting("model_type", "qwen3"),
        "model_type",
        NVFP4,
    ),
    Fault(
        "C105",
        "a type of layer that nobody has",
        setting("layer_types", ["linear_attention", "mega_attention"]),
        "layer_types.1",
        ("qwen3_next-fp8",),
    ),
    Fault(
        "C107",
        "a number of heads that divides by nothing",
        setting("num_attention_heads", 3),
        "model.layers.1.self_attn.q_proj",
        NVFP4,
    ),
    Fault("C126", "a window in words", setting("sliding_window", "64"), "sliding_window", KV),
    Fault(
        "Q106",
        "a dtype of scales that the format has not",
        setting(f"{GROUP}.weights.scale_dtype", "torch.uint8"),
        f"{GROUP}.weights.scale_dtype",
        NVFP4,
    ),
    Fault(
        "Q107",
        "a transform that nobody has",
        setting(f"{TRANSFORMS}.config_groups.R1.type", "hadamrd"),
        f"{TRANSFORMS}.config_groups.R1.type",
        ("llama-w4a16-spinquant",),
    ),
    Fault(
        "C125",
        "the image processor of another model",
        lambda draft: draft.edit(IMAGES, "image_processor_type", "CLIPImageProcessor"),
        f"{IMAGES}: image_processor_type",
        MIXED,
    ),
    Fault("T117", "a module lost that a target names", lost_by_name, LAST, NVFP4),
    Fault(
        "T103",
        "a part of a fused layer left out of ignore",
        lambda draft: ignoring(f"{FUSED}.v_proj")(
            left_out(*(f"{FUSED}.{p}_proj" for p in "qkv"), ignored=f"{FUSED}.k_proj")(draft)
        ),
        f"{FUSED}.q_proj",
        NVFP4,
    ),
)
