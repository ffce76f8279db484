import pytest

from tests.checks.card.conftest import AuditLines

# As `release tables` of the checkpoint has it.
TRUE = """The lm_head is kept in BF16; down projections stay in FP8.

| Component | Size | Precision |
| --- | --- | --- |
| MLP | 11.4 GB | FP8 + NVFP4 |
| Visual encoder | 0.9 GB | BF16 (text-only calibration) |
| Scales | 0.7 GB | Mixed |

| Precision | Layers |
| --- | --- |
| FP8 W8A8 (per channel) | DeltaNet (in_proj_qkv, in_proj_z, out_proj), softmax q_proj/k_proj |
| NVFP4 W4A4 (FP8 scales) | Softmax o_proj, MLP gate_proj/up_proj |
| BF16 (unquantized) | lm_head, embed_tokens, in_proj_a, all norms, visual encoder |

- Attention: q/k/v in FP8
- gate/up: NVFP4
- **Embeddings:** not quantized
- Weight quantization: FP4 / FP8
"""


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("lm_head is kept in BF16", "lm_head is kept in FP8", "lm_head: the card says FP8, it is"),
        ("stay in FP8", "stay in NVFP4", "down_proj: the card says NVFP4, it is FP8_DYNAMIC"),
        ("FP8 + NVFP4", "INT4", "MLP: the card says INT4, it is NVFP4, FP8_DYNAMIC"),
        ("FP8 + NVFP4", "NVFP4", "MLP: the card says NVFP4, it is NVFP4, FP8_DYNAMIC"),
        ("BF16 (text-only", "FP8 (text-only", "Vision tower: the card says FP8, it is BF16"),
        ("out_proj)", "o_proj)", "o_proj: the card says FP8, PER CHANNEL, W8A8, it is NVFP4"),
        ("Softmax o_proj", "Softmax q_proj", "q_proj: the card says NVFP4, W4A4, it is FP8"),
        ("W4A4", "W4A16", "o_proj: the card says NVFP4, W4A16, it is NVFP4"),
        ("| BF16 (unq", "| FP16 (unq", "lm_head: the card says FP16, it is BF16"),
        ("in_proj_a,", "in_proj_z,", "in_proj_z: the card says BF16, it is FP8_DYNAMIC"),
        ("gate/up: NVFP4", "gate/up: MXFP4", "gate_proj: the card says MXFP4, it is NVFP4"),
        ("not quantized", "8-bit", "Embeddings: the card says 8 BITS, it is BF16"),
        ("FP4 / FP8", "INT4", "quantized modules: the card says INT4, it is FP8_DYNAMIC, NVFP4"),
    ],
)
def test_fires_on_a_single_wrong_precision(
    audit: AuditLines, old: str, new: str, what: str
) -> None:
    assert TRUE.count(old) == 1
    found = audit("K115", TRUE.replace(old, new))
    line = TRUE[: TRUE.index(old)].count("\n") + 1
    assert found
    assert found[0].startswith(f"{line} error {what}")


def test_silent_on_what_is_true(audit: AuditLines) -> None:
    assert audit("K115", TRUE) == []


@pytest.mark.parametrize(
    ("true", "wrong"),
    [
        ("- gate_proj (NVFP4), down_proj (FP8)", "- gate_proj (FP8), down_proj (NVFP4)"),
        (
            "- MLP (NVFP4: gate_proj, up_proj; FP8: down_proj)",
            "- MLP (NVFP4: down_proj; FP8: gate_proj, up_proj)",
        ),
        ("down_proj: FP8 per-channel, per-token", "down_proj: FP8 per-tensor"),
        ("gate_proj: NVFP4, block-wise", "gate_proj: NVFP4, per channel"),
        ("It was quantized to FP8 and NVFP4.", "It was quantized to INT8."),
        ("Activations are symmetric.", "Activations are asymmetric."),
        ("가중치를 FP8로 양자화했습니다.", "가중치를 INT8로 양자화했습니다."),
        ("- Ignored layers: `lm_head`", "- Ignored layers: `re:.*self_attn.*`"),
        ('```python\nignore=["lm_head"]\n```', '```python\nignore=["re:.*mlp.*"]\n```'),
        ("```yaml\nscheme: NVFP4\n```", "```yaml\nscheme: W4A16\n```"),
        ("# Tiny-NVFP4", "# Tiny-INT8"),
        ("Tiny FP8\n========", "Tiny INT8\n========="),
        ('<h1 align="center">Tiny FP8</h1>', '<h1 align="center">Tiny INT8</h1>'),
    ],
)
def test_fires_on_the_wrong_of_two_ways_to_write(audit: AuditLines, true: str, wrong: str) -> None:
    assert audit("K115", true) == []
    assert audit("K115", wrong)


@pytest.mark.parametrize(
    "text",
    [
        "All linear layers except lm_head are quantized to FP8.",
        "lm_head would lose quality in FP8.",
        "| Component | Original precision | Size |\n| --- | --- | --- |\n| MLP | BF16 | 11.4 GB |",
        "| Model | Precision |\n| --- | --- |\n| sister | INT4 |",
        "- KV cache: FP8\n- Hardware: FP4 tensor cores",
        "Unlike others, MLP layers are INT4 there.",
        "- Activations: FP8 per token, FP4 per group",
    ],
)
def test_silent_on_what_is_no_claim(audit: AuditLines, text: str) -> None:
    assert audit("K115", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "The checkpoint includes FP8 KV cache scales.",
        "- KV cache: FP8 (calibrated scales)",
        "- KV cache quantization: FP8",
        "The KV cache is quantized to FP8.",
        "- KV 缓存:FP8 量化",
    ],
)
def test_fires_on_scales_of_a_cache_that_has_none(text: str, audit: AuditLines) -> None:
    (found,) = audit("K115", text)
    assert "error KV cache: the card says" in found


@pytest.mark.parametrize(
    "text",
    [
        "No KV cache scales are included.",
        "- KV cache: BF16 (no scales)",
        "The KV cache is not quantized.",
        "- KV cache: FP8",
        "The KV cache is quantized to FP8 by `--kv-cache-dtype fp8`, with scales of one.",
        "The server can quantize the KV cache to FP8.",
        "- KV 缓存:未量化",
    ],
)
def test_silent_on_a_cache_that_a_server_quantizes(text: str, audit: AuditLines) -> None:
    assert audit("K115", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "- Strategy (activations): channel",
        "- Activation strategy: channel",
        "- Zero point: yes",
        "Activations are quantized dynamically, per channel.",
    ],
)
def test_fires_on_how_a_side_is_scaled(text: str, audit: AuditLines) -> None:
    (found,) = audit("K115", text)
    assert "quantized modules: the card says" in found


@pytest.mark.parametrize(
    "text",
    [
        "- Strategy (weights): channel",
        "- Dynamic activations: yes",
        "- Zero points: none",
        "- Strategy: careful",
        "Activations are quantized dynamically, per token.",
    ],
)
def test_silent_on_how_a_side_is_scaled(text: str, audit: AuditLines) -> None:
    assert audit("K115", text) == []
