"""The model's config: values of another model, keys and files lost on the way."""

import json
from collections.abc import Callable
from typing import Any

from tests.mutate import INDEX, Draft
from tests.mutations.fault import ANY, Fault

LLAMA, GEMMA, TIED = ("llama-nvfp4",), ("gemma3-w4a16",), ("qwen3-nvfp4-tied",)
TEXT = ("llama-fp8-dynamic", "phi3-nvfp4")
CONFIG, TOKENIZER, SETTINGS = "config.json", "tokenizer.json", "tokenizer_config.json"
TEMPLATE, GENERATION = "chat_template.jinja", "generation_config.json"


def setting(path: str, value: Any) -> Callable[[Draft], Draft]:
    """Set a value of config.json."""
    return lambda draft: draft.config(path, value)


def within(file: str, path: str, value: Any) -> Callable[[Draft], Draft]:
    """Set a value of another JSON file."""
    return lambda draft: draft.edit(file, path, value)


def written(file: str, content: str | bytes) -> Callable[[Draft], Draft]:
    """Replace a whole file."""
    return lambda draft: draft.write(file, content)


def lost(file: str) -> Callable[[Draft], Draft]:
    """Leave a file out."""
    return lambda draft: draft.remove(file)


def unset(path: str) -> Callable[[Draft], Draft]:
    """Leave a key of config.json out."""
    return lambda draft: draft.unset(CONFIG, path)


def without(text: str) -> Callable[[Draft], Draft]:
    """Drop every tensor whose name holds a text."""

    def change(draft: Draft) -> Draft:
        for name in [name for name in draft.tensors() if text in name]:
            draft.drop(name)
        if (draft.path / INDEX).exists():
            draft.unset(INDEX, "metadata")  # its sums are right in an export that lost something
        return draft

    return change


def no_mtp(draft: Draft) -> Draft:
    """Upload without the file of the MTP layer, and with an index that knows nothing of it."""
    names = draft.read(INDEX)["weight_map"]
    kept = {name: file for name, file in names.items() if not name.startswith("mtp.")}
    draft.edit(INDEX, "weight_map", kept)
    return draft.unset(INDEX, "metadata").remove("model_mtp.safetensors")


def bom(draft: Draft) -> Draft:
    """Save the config as an editor of another system does."""
    return draft.write(CONFIG, b"\xef\xbb\xbf" + (draft.path / CONFIG).read_bytes())


def twice(draft: Draft) -> Draft:
    """Give a key of the config two values."""
    text = (draft.path / CONFIG).read_text()
    return draft.write(CONFIG, text.replace("{", '{"vocab_size": 1,', 1))


def remote(draft: Draft) -> Draft:
    """Name a class whose file was not uploaded."""
    return draft.config("auto_map", {"AutoConfig": "configuration_x.XConfig"})


def other_dtype(draft: Draft) -> Draft:
    """Say one dtype under the new key and another under the old."""
    return draft.config("torch_dtype", "float16")


FAULTS = (
    Fault("C101", "a config that was not uploaded", lost(CONFIG), CONFIG, LLAMA),
    Fault("C101", "a byte order mark", bom, CONFIG, ANY),
    Fault("C101", "a config that is cut", lambda d: d.truncate(CONFIG, 30), CONFIG, ANY),
    Fault("C101", "a config that is a list", written(CONFIG, "[]"), CONFIG, LLAMA),
    Fault("C101", "a key with two values", twice, CONFIG, LLAMA),
    Fault(
        "C102",
        "a class misspelt",
        setting("architectures", ["LLamaForCausalLm"]),
        "architectures",
        LLAMA,
    ),
    Fault(
        "C102",
        "a class that nobody has",
        setting("architectures", ["NovelForCausalLM"]),
        "architectures",
        LLAMA,
        ("C103",),
    ),
    Fault(
        "C103",
        "a text class over a model with a tower",
        setting("architectures", ["Gemma3ForCausalLM"]),
        "model_type",
        GEMMA,
    ),
    Fault(
        "C103",
        "the class of another model",
        setting("architectures", ["MistralForCausalLM"]),
        "model_type",
        LLAMA,
    ),
    Fault("C104", "a layer more", setting("num_hidden_layers", 3), "num_hidden_layers", TEXT),
    Fault("C104", "a layer less", setting("num_hidden_layers", 1), "model.layers.1", TEXT),
    Fault("C104", "a layer was not uploaded", without("layers.1."), "num_hidden_layers", TEXT),
    Fault(
        "C105",
        "two kinds of layer exchanged",
        setting("text_config.layer_types.0", "full_attention"),
        "model.language_model.layers.0.self_attn",
        ("demo",),
    ),
    Fault(
        "C105",
        "a list of layers that is too short",
        setting("layer_types", ["linear_attention"]),
        "layer_types",
        ("qwen3_next-fp8",),
    ),
    Fault(
        "C106", "a vocabulary padded in the config", setting("vocab_size", 512), "vocab_size", TEXT
    ),
    Fault("C106", "the width of another size", setting("hidden_size", 256), "hidden_size", TEXT),
    Fault(
        "C106",
        "an embedding resized alone",
        lambda d: d.retype("model.embed_tokens.weight", "BF16", [392, 128]),
        "model.embed_tokens",
        LLAMA,
        ("V113",),  # the new rows are zeros here
    ),
    Fault(
        "C107",
        "half as many heads",
        setting("num_attention_heads", 2),
        "model.layers.0.self_attn.q_proj",
        LLAMA,
    ),
    Fault(
        "C107",
        "as many key heads as heads",
        setting("num_key_value_heads", 4),
        "model.layers.0.self_attn.k_proj",
        LLAMA,
    ),
    Fault(
        "C107",
        "a wider MLP",
        setting("intermediate_size", 512),
        "model.layers.0.mlp.gate_proj",
        LLAMA,
    ),
    Fault(
        "C107",
        "another rank of the latent",
        setting("kv_lora_rank", 64),
        "model.layers.0.self_attn.kv_a_proj_with_mqa",
        ("deepseek_v3-nvfp4",),
    ),
    Fault(
        "C108",
        "twice as many experts",
        setting("num_local_experts", 16),
        "num_local_experts",
        ("qwen3_moe-fp8",),
    ),
    Fault(
        "C108",
        "an expert that was not saved",
        without("layers.1.mlp.experts.5."),
        "model.layers.1.mlp.experts",
        ("qwen3_moe-fp8", "qwen3_moe-nvfp4"),
    ),
    Fault("C109", "a head that was not saved", without("lm_head"), "tie_word_embeddings", LLAMA),
    Fault(
        "C109",
        "tied by the config, stored apart",
        setting("tie_word_embeddings", True),
        "lm_head",
        LLAMA,
    ),
    Fault(
        "C109",
        "untied by the config, no head stored",
        setting("tie_word_embeddings", False),
        "tie_word_embeddings",
        TIED,
    ),
    Fault(
        "C110",
        "an MTP layer lost on the way",
        no_mtp,
        "text_config.mtp_num_hidden_layers",
        ("qwen3_5-mtp",),
    ),
    Fault(
        "C110",
        "an MTP layer that is not declared",
        unset("text_config.mtp_num_hidden_layers"),
        "mtp.fc",
        ("qwen3_5-mtp",),
    ),
    Fault("C103", "a tower without its config", unset("vision_config"), "vision_config", GEMMA),
    Fault(
        "C111",
        "a tower that was not saved",
        without("vision_tower"),
        "vision_config",
        GEMMA,
    ),
    Fault(
        "C112",
        "no image processor",
        lambda d: d.remove("preprocessor_config.json").remove("processor_config.json"),
        "preprocessor_config.json",
        GEMMA,
    ),
    Fault(
        "C112",
        "no video processor",
        lost("video_preprocessor_config.json"),
        "video_preprocessor_config.json",
        ("demo",),
    ),
    Fault("C120", "two dtypes", other_dtype, "dtype", LLAMA),
    Fault(
        "C120",
        "a kind of rope that nobody has",
        setting("rope_parameters.rope_type", "yarnn"),
        "rope_parameters.rope_type",
        LLAMA,
    ),
    Fault("C121", "code that was not uploaded", remote, "auto_map.AutoConfig", LLAMA),
    Fault(
        "C122",
        "a second declaration",
        written(
            "hf_quant_config.json",
            json.dumps({"quantization": {"quant_algo": "FP8", "exclude_modules": ["lm_head"]}}),
        ),
        "hf_quant_config.json",
        LLAMA,
    ),
)
