"""What half an upload, or one too many, leaves in side files: one change, one finding.

Such as people report them to vLLM, transformers, llm-compressor and compressed-tensors.
"""

import json
from collections.abc import Callable

from tests.mutate import INDEX, Draft
from tests.mutations.causes import file
from tests.mutations.config import lost, within
from tests.mutations.fault import several
from tests.mutations.quantization import MIXED, NVFP4

SETTINGS, TOKENIZER, TEMPLATE = "tokenizer_config.json", "tokenizer.json", "chat_template.jinja"
GENERATION, IMAGES, ONE = "generation_config.json", "preprocessor_config.json", "model.safetensors"


def merges(share: float) -> Callable[[Draft], Draft]:
    """Keep the first merges only."""

    def change(draft: Draft) -> Draft:
        whole = draft.read(TOKENIZER)["model"]["merges"]
        return draft.edit(TOKENIZER, "model.merges", whole[: int(share * len(whole))])

    return change


def vocabulary_alone(draft: Draft) -> Draft:
    """The slow tokenizer's vocabulary without its merges."""
    vocabulary = draft.read(TOKENIZER)["model"]["vocab"]
    return draft.write("vocab.json", json.dumps(vocabulary)).remove(TOKENIZER)


def another_name(draft: Draft) -> Draft:
    """The one file of weights under the name that pickles had."""
    raw = (draft.path / ONE).read_bytes()
    return draft.write("pytorch_model.safetensors", raw).remove(ONE)


def another_shard(draft: Draft) -> Draft:
    """An index that names a shard which was never written."""
    names = draft.read(INDEX)["weight_map"]
    return draft.edit(INDEX, "weight_map", names | {"extra.weight": "extra.safetensors"})


SPEECH = (
    *several(
        "C113",
        NVFP4,
        ("no merges", merges(0), "model.merges"),
        ("half of the merges", merges(0.5), "model.merges"),
        ("no way from text to bytes", within(TOKENIZER, "pre_tokenizer", None), "pre_tokenizer"),
        ("no way from bytes to text", within(TOKENIZER, "decoder", None), "decoder"),
        ("a vocabulary alone", vocabulary_alone, "merges.txt"),
    ),
    *several(
        "C115",
        NVFP4,
        ("a pad that is no token", within(SETTINGS, "pad_token", "<|nope|>"), "pad_token"),
        ("an end that no turn has", within(GENERATION, "eos_token_id", 3), "eos_token_id"),
    ),
    *several(
        "C118",
        (*NVFP4, *MIXED),
        ("a template of a word", file(TEMPLATE, "hello"), TEMPLATE),
        ("a template of blanks", file(TEMPLATE, " \n"), TEMPLATE),
        ("a template that asks for another", file(TEMPLATE, "{% include 'x' %}"), TEMPLATE),
        ("a template in UTF-16", file(TEMPLATE, "{{ messages }}".encode("utf-16")), TEMPLATE),
    ),
    *several(
        "C118",
        NVFP4,
        (
            "another template in the settings",
            within(SETTINGS, "chat_template", "{{ messages }}"),
            SETTINGS,
        ),
    ),
    *several(
        "C123",
        NVFP4,
        ("no settings", lost(SETTINGS), SETTINGS),
        ("a context of eight", within(SETTINGS, "model_max_length", 8), "model_max_length"),
    ),
    *several(
        "C124",
        NVFP4,
        (
            "another token in the map",
            file("special_tokens_map.json", '{"eos_token": "<s>"}'),
            "special_tokens_map.json",
        ),
        (
            "another id in the copy",
            file("added_tokens.json", '{"<|im_end|>": 5}'),
            "added_tokens.json",
        ),
    ),
    *several(
        "C119", MIXED, ("a division by zero", within(GENERATION, "temperature", 0), "temperature")
    ),
    *several(
        "C119",
        NVFP4,
        ("a part of a token", within(GENERATION, "top_k", 20.5), "top_k"),
        ("a share above one", within(GENERATION, "top_p", 1.5), "top_p"),
        ("no new token", within(GENERATION, "max_new_tokens", 0), "max_new_tokens"),
        ("a temperature in quotes", within(GENERATION, "temperature", "0.7"), "temperature"),
    ),
    *several(
        "C125",
        MIXED,
        (
            "a processor that is a tokenizer",
            within(IMAGES, "processor_class", "Qwen2Tokenizer"),
            f"{IMAGES}: processor_class",
        ),
        ("patches of another tower", within(IMAGES, "patch_size", 14), f"{IMAGES}: patch_size"),
    ),
    *several(
        "C112",
        MIXED,
        ("a processor that is cut", file("processor_config.json", "{"), "processor_config.json"),
    ),
)
BESIDE = (
    *several(
        "F113",
        NVFP4,
        ("weights under another name", another_name, "pytorch_model.safetensors"),
        (
            "a second precision",
            lambda d: d.write("model.fp16.safetensors", (d.path / ONE).read_bytes()),
            INDEX,
        ),
    ),
    *several("F110", MIXED, ("a shard that was never written", another_shard, "extra.safetensors")),
    *several(
        "F106",
        NVFP4,
        ("an empty recipe", file("recipe.yaml", ""), "recipe.yaml"),
        ("an empty map of tokens", file("special_tokens_map.json", ""), "special_tokens_map.json"),
    ),
    *several(
        "Q119", NVFP4, ("a recipe that is none", file("recipe.yaml", "a: [\n"), "recipe.yaml")
    ),
    *several(
        "C122",
        NVFP4,
        ("a file of AutoGPTQ", file("quantize_config.json", '{"bits": 4}'), "quantize_config.json"),
        ("a file of AWQ", file("quant_config.json", '{"w_bit": 4}'), "quant_config.json"),
    ),
    *several(
        "C121",
        NVFP4,
        (
            "code of another repository",
            lambda d: d.config("auto_map", {"AutoConfig": "other/repo--x.XConfig"}),
            "auto_map.AutoConfig",
        ),
    ),
    *several(
        "F116",
        NVFP4,
        (
            "the arguments of a trainer",
            file("training_args.bin", b"PK\3\4" + bytes(60)),
            "training_args.bin",
        ),
        (
            "the state of a random generator",
            file("rng_state.pth", b"PK\3\4" + bytes(60)),
            "rng_state.pth",
        ),
        ("a graph", file("model.onnx", b"\x08\x07\x12\x07pytorch"), "model.onnx"),
        ("a config of before", file("config.json.bak", "{}"), "config.json.bak"),
        (
            "half a download",
            file("model.safetensors.incomplete", bytes(10)),
            "model.safetensors.incomplete",
        ),
    ),
    *several(
        "F118",
        NVFP4,
        ("notebooks of before", file(".ipynb_checkpoints/a.ipynb", "{}"), ".ipynb_checkpoints/"),
        ("compiled Python", file("__pycache__/a.pyc", b"\0"), "__pycache__/"),
    ),
    *several(
        "F121",
        NVFP4,
        (
            "a drive of Windows",
            lambda d: d.config("_name_or_path", "C:\\Users\\ann\\model"),
            "_name_or_path",
        ),
        ("a mounted disk", within(SETTINGS, "name_or_path", "/mnt/nfs/base"), "name_or_path"),
    ),
)
FAULTS = (*SPEECH, *BESIDE)
