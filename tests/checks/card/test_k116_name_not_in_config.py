import pytest

from release.card.check import Audit, audit_card
from release.checkpoint import open_checkpoint
from tests.checks.card.conftest import AuditLines
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Quantized with `pack-quantized` INT4.", "names the format pack-quantized"),
        ("| Architecture | LlamaForCausalLM |", "names the class LlamaForCausalLM"),
    ],
)
def test_fires_on_a_name_of_another_model(audit: AuditLines, text: str, what: str) -> None:
    [found] = audit("K116", text)
    assert found.startswith(f"1 error {what}, config.json has ")


@pytest.mark.parametrize(
    "text",
    [
        "MLPs are `nvfp4-pack-quantized`, the rest is `float-quantized`; mixed-precision in all.",
        "Architecture: `Qwen3_5ForConditionalGeneration`",
        "Unlike `pack-quantized` INT4 it needs Blackwell.",
        "Architecture: hybrid; load it with AutoModelForCausalLM",
    ],
)
def test_silent_on_its_own_names(audit: AuditLines, text: str) -> None:
    assert audit("K116", text) == []


def of_gptq(text: str) -> list[str]:
    checkpoint = open_checkpoint(ROOT / "tests" / "checkpoints" / "llama-w4a16-gptq")
    report = audit_card(Audit("README.md", f"# Llama\n\n{text}\n", checkpoint))
    return [finding.message for finding in report.findings if finding.rule == "K116"]


def test_fires_on_another_family() -> None:
    assert of_gptq("- Architecture: Mistral") == [
        "calls it a Mistral, config.json has LlamaForCausalLM"
    ]


def test_silent_on_its_family_and_on_kinds() -> None:
    assert of_gptq("- Architecture: Llama 3\n- Model architecture: decoder, as in Mistral") == []


@pytest.mark.parametrize("text", ["Quantized with AWQ.", "| Algorithm | SmoothQuant |"])
def test_fires_on_a_method_that_is_not_in_the_recipe(text: str) -> None:
    [found] = of_gptq(text)
    assert found.endswith(", recipe.yaml has GPTQ")


@pytest.mark.parametrize(
    "text",
    [
        "Quantized with GPTQ, group size 128.",
        "Unlike those quantized with AWQ it needs no scales for channels.",
    ],
)
def test_silent_on_its_method(text: str) -> None:
    assert of_gptq(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "This repository holds GGUF files.",
        "Converted to MLX format.",
        "| Quantization method | bitsandbytes NF4 |",
        "It was quantized with bitsandbytes.",
        "This is an AWQ checkpoint.",
        "Quantized with AutoGPTQ.",
    ],
)
def test_fires_on_the_format_of_another_tool(text: str) -> None:
    [found] = of_gptq(text)
    assert found.startswith("names the tool ")
    assert found.endswith(", config.json has GPTQ, compressed-tensors")


@pytest.mark.parametrize(
    "text",
    [
        "GGUF files are at acme/tiny-GGUF.",
        "For llama.cpp see the GGUF files.",
        "This is no AutoGPTQ checkpoint.",
        "bitsandbytes is not needed.",
        "This is a GPTQ checkpoint in compressed-tensors format.",
        "NF4 weights would be larger.",
    ],
)
def test_silent_on_formats_that_it_is_not_said_to_be_in(text: str) -> None:
    assert of_gptq(text) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("tie_word_embeddings: true", "says tie_word_embeddings: true, config.json has false"),
        ("The embeddings are tied to the head.", "says tie_word_embeddings: true"),
        ("- **Tied embeddings:** yes", "says tie_word_embeddings: true"),
        ("Die Einbettungen sind mit dem lm_head verknüpft.", "says tie_word_embeddings: true"),
        ("`quant_method`: `gptq`", "says quant_method: gptq, config.json has compressed-tensors"),
        ("torch_dtype = float16", "says torch_dtype: float16, config.json has bfloat16"),
        ("- act-order: no", "says actorder: false, config.json has static, true"),
        ("config.json was written by transformers 5.16.0.", "says transformers_version: 5.16.0"),
        ("## Creation\n\n- compressed-tensors: 0.18.0", "says quantization_config.version: 0.18.0"),
    ],
)
def test_fires_on_values_that_config_does_not_have(text: str, what: str) -> None:
    [found] = of_gptq(text)
    assert found.startswith(what)


@pytest.mark.parametrize(
    "text",
    [
        "tie_word_embeddings: false",
        "The embeddings are not tied to the head; untied embeddings.",
        "Set tie_word_embeddings to true if you merge it.",
        "quant_method: compressed-tensors (llm-compressor)",
        "model_type: it is llama",
        "- act-order: static",
        "desc_act: true",
        "config.json was written by transformers 5.17.",
        "## Creation\n\n- compressed-tensors: 0.19.0",
        "## Usage\n\n- compressed-tensors: 0.18.0",
        "unknown_key: true",
    ],
)
def test_silent_on_values_that_config_has(text: str) -> None:
    assert of_gptq(text) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("| hidden_sizes_of | 128 |\n\nhidden_szie: 128", "writes hidden_szie for hidden_size"),
        ("`mlp.down_projx` is INT4", "writes mlp.down_projx for mlp.down_proj"),
        ("```yaml\nignore: [lm_headd]\n```", "writes lm_headd for lm_head"),
        ("Format: pack-quantised", "writes pack-quantised for pack-quantized"),
        ("See config.jsonn.", "writes config.jsonn for config.json"),
        ("Use --kv-cache-dtpe fp8.", "writes kv-cache-dtpe for kv-cache-dtype"),
        ("It is a LlamaForCausalLN.", "writes LlamaForCausalLN for LlamaForCausalLM"),
    ],
)
def test_fires_on_a_slip_of_one_letter(text: str, what: str) -> None:
    assert of_gptq(text) == [what]


@pytest.mark.parametrize(
    "text",
    [
        "q_proj, k_proj, in_proj_a and in_proj_b",
        "hidden_sizes, num_expert, layer_norm",
        "acme/lm_headd and https://example.org/config.jsom",
        "per-token, per-tensor, pack-quantization",
        "Llama4ForCausalLM",
        "```python\nhidden_siz = 3\n```",
    ],
)
def test_silent_on_other_names(text: str) -> None:
    assert of_gptq(text) == []


FILES = "| File | Bytes |\n| --- | --- |\n"


def test_fires_on_a_file_that_is_not_there() -> None:
    assert of_gptq(f"{FILES}| `model-00001-of-00002.safetensors` | 355,320 |") == [
        "lists the file model-00001-of-00002.safetensors, which is not there"
    ]


def test_silent_on_files_that_are_there() -> None:
    assert of_gptq(f"{FILES}| `config.json` | 1,669 |\n| `notes` | 1 |") == []
