from hashlib import sha256

import pytest

from release.checkpoint import Checkpoint
from tests.checks.card.conftest import AuditLines

# As `release tables` of the checkpoint has it.
TRUE = """It has 27.36B parameters; the weights take 25.18 GB on disk (23.45 GiB in VRAM).

| Component | Size |
| --- | ---: |
| MLP | 11.4 GB |
| Gated DeltaNet | 5.59 GB |
| Visual encoder | ~0.92 GB |
| Scales | 748 MB |
| **Total** | **~25 GB** |

- Hidden size: 5,120
- Context length: 256K
- Vocabulary: 248,320
- Head dimension: 256
- 48 DeltaNet layers + 16 softmax attention layers, 64 layers in all
- FP16: 4 KV heads x 256 dim x 2 bytes x 16 layers = 64 KB/token
- FP8: 32 KiB per token
- NVFP4 with group_size=16
"""


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (
            "27.36B parameters",
            "22B parameters",
            "parameters: the card says 22B, it is 27.36B",
        ),
        ("25.18 GB", "23.45 GB", "all weights: the card says 23.45 GB, it is 25.18 GB"),
        ("23.45 GiB", "25.18 GiB", "all weights: the card says 25.18 GiB, it is 23.45 GiB"),
        ("11.4 GB", "14.6 GB", "MLP: the card says 14.6 GB, it is 11.41 GB"),
        ("5.59 GB", "6.9 GB", "Linear attention: the card says 6.9 GB, it is 5.59 GB"),
        ("~0.92 GB", "~0.8 GB", "Vision tower: the card says ~0.8 GB, it is 921.46 MB"),
        ("748 MB", "0.8 GB", None),
        ("~25 GB", "~29 GB", "all weights: the card says ~29 GB, it is 25.18 GB"),
        ("5,120", "4,096", "hidden_size: the card says 4,096, it is 5,120"),
        ("256K", "0.25M tokens", None),
        ("256K", "0.5M", "max_position_embeddings: the card says 0.5M, it is 262,144"),
        ("256K", "128K", "max_position_embeddings: the card says 128K, it is 262,144"),
        ("48 DeltaNet", "32 DeltaNet", "layers linear_attention: the card says 32, it is 48"),
        ("16 softmax", "12 softmax", "layers full_attention: the card says 12, it is 16"),
        ("64 layers", "60 layers", "layers: the card says 60, it is 64 or 48 or 16"),
        ("64 KB/token", "32 KB/token", "KV cache of a token 16 bits: the card says 32 KB/token"),
        ("32 KiB per token", "16 KiB per token", "KV cache of a token fp8: the card says 16 KiB"),
        ("group_size=16", "group_size=32", "group size: the card says 32, it is 16"),
    ],
)
def test_fires_on_a_single_wrong_figure(
    audit: AuditLines, old: str, new: str, what: str | None
) -> None:
    assert TRUE.count(old) == 1
    found = audit("K104", TRUE.replace(old, new))
    line = TRUE[: TRUE.index(old)].count("\n") + 1
    assert [entry.startswith(f"{line} error {what}") for entry in found] == ([True] if what else [])


def test_silent_on_what_is_true(audit: AuditLines) -> None:
    assert audit("K104", TRUE) == []


@pytest.mark.parametrize(
    "text",
    [
        "The base has 235B parameters, 22B active.",  # of another model, or not all of them
        "A GPU with 96 GB and 24 GB of headroom.",
        "| RTX 5090 | 32 GB |",
        "Needs 28 GB, weights only.",
        "The first 3 layers of 4 are dense; each 4 layers one is full.",
        "| GSM8K | 95.2 |\n| MLP ratio | 3.4 |",
        "512 samples of 2,180 tokens; 62 minutes.",
        "Llama 3 has a 128K vocab.",
        "The vision encoder has a hidden size of 1152.",
        "Its context can be extended to 1M tokens with YaRN.",
        "It serves a context of 32k tokens.",
        "NVFP4 weights are 3.5x smaller than BF16; its KV cache is 2x smaller than BF16.",
        "Model size: 25.2 GB (vs 54.7 GB)",
        "Size: 54.7 GB → 25.2 GB",
        "Max context: 131,072 on an RTX 5090",
        "4096 hidden states were kept.",
    ],
)
def test_silent_on_figures_that_are_about_something_else(audit: AuditLines, text: str) -> None:
    assert audit("K104", text) == []


@pytest.mark.parametrize(
    ("true", "wrong"),
    [
        ("Text.\rHidden size: 5120", "Hidden size: 4096"),  # lines of an old Mac
        ("Vocabulary: 248.320", "Vocabulary: 152.064"),  # as thousands are parted elsewhere
        ("Vocabulary: 248 320", "Vocabulary: 152 064"),
        ("| Total | 25,2 GB |", "| Total | 28,2 GB |"),
        ("It holds 27.4 billion parameters.", "It holds 34.7 billion parameters."),
        ("Sixteen of the 64 layers.", "Sixteen of the 60 layers."),
        ("Each token costs 64 KiB of KV with BF16.", "Each token costs 96 KiB of KV with BF16."),
        ("| Group size | 16 |", "| Group size | 64 |"),
        (
            "- Attention Heads (GQA): 24 for Q and 4 for KV",
            "- Attention Heads: 24 for Q and 8 for KV",
        ),
        (
            "- Linear Attention Heads: 48 for V and 16 for QK",
            "- Linear Heads: 32 for V and 16 for QK",
        ),
        ("Each token costs 4 KiB of KV in each layer.", "Each token costs 96 KiB of KV."),
        ("**Number of Parameters:** 27B", "**Number of Parameters:** 31B"),
        ("It has a 248K vocab.", "It has a 152K vocab."),
        ("The hidden size is 5,120.", "The hidden size is 4,096."),
        ("Supports a context of 256k tokens.", "Supports a context of 512k tokens."),
        ("2.2x smaller than the original.", "4.2x smaller than the original."),
        ("The weights are 54% smaller than BF16.", "The weights are 84% smaller than BF16."),
        ("| Compression ratio | 2.2x |", "| Compression ratio | 3.9x |"),
        ("Size: 0.025 TB", "Size: 0.035 TB"),
        ("It has 64 layers, and DeltaNet has 48 layers.", "It has 48 layers."),
        ("| 模型大小 | 25.2 GB |", "| 模型大小 | 35.2 GB |"),
        ("参数量\uff1a27B", "参数量\uff1a31B"),
        ("上下文长度: 262,144", "上下文长度: 131,072"),
        ("<tr><td>MLP</td><td>11.4 GB</td></tr>", "<tr><td>MLP</td><td>14.6 GB</td></tr>"),
        ("Reduces the disk size by about 54%.", "Reduces the disk size by about 90%."),
        ("16 × (3 × (GDN → FFN) → 1 × (GA → FFN))", "12 × (3 × (GDN → FFN) → 1 × (GA → FFN))"),
        ("4 KV heads, 24 query heads", "4 KV heads, 32 query heads"),
        ("パラメータ数: 27.4B", "パラメータ数: 37.4B"),
    ],
)
def test_fires_on_the_wrong_of_two_ways_to_write(audit: AuditLines, true: str, wrong: str) -> None:
    assert audit("K104", true) == []
    assert len(audit("K104", wrong)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It takes 2\u200b2.18 GB on disk.", "22.18 GB"),
        ("It takes 22<!-- -->.18 GB on disk.", "22.18 GB"),
        ("It takes &#50;2.18&nbsp;GB on disk.", "22.18 GB"),
        ("It takes \u0662\u0662.18 GB on disk.", "22.18 GB"),
    ],
)
def test_fires_on_a_figure_as_it_is_shown(text: str, said: str, audit: AuditLines) -> None:
    (found,) = audit("K104", text)
    assert f"the card says {said}, it is 25.18 GB" in found


@pytest.mark.parametrize(
    "text",
    [
        "It keeps 95% of the original accuracy.",
        "Throughput is 140% of the size-matched original performance.",
        "Calibration\n\n- Samples: 512\n- Max sequence length: 4,096 tokens",
        "## Calibration\n\nSequence length: 4,096",
        "- Calibration samples: 512\n- Max sequence length: 4,096",
        "## Evaluation\n\n- Max context length: 16,384",
        "It has 50% of the original latency on disk.",
    ],
)
def test_silent_on_lengths_and_shares_of_something_else(text: str, audit: AuditLines) -> None:
    assert audit("K104", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "- Training data: the web\n- Context length: 4,096",
        "- Calibration: none\n\n## Model\n\n- Context length: 4,096",
    ],
)
def test_fires_on_the_context_beside_other_lengths(text: str, audit: AuditLines) -> None:
    (found,) = audit("K104", text)
    assert "max_position_embeddings: the card says 4,096, it is 262,144" in found


def test_fires_on_a_size_below_the_title_of_its_column(audit: AuditLines) -> None:
    (found,) = audit("K104", "| Size | Updated |\n| --- | --- |\n| 22.1 GB | 2026-11-20 |\n")
    assert "all weights: the card says 22.1 GB, it is 25.18 GB" in found


def test_silent_on_sizes_of_others_below_it(audit: AuditLines) -> None:
    rows = "| acme/other | 22.1 GB |\n| acme/third | 7.1 GB |\n"
    assert audit("K104", f"| Model | Size |\n| --- | --- |\n{rows}") == []


def test_fires_on_the_checksum_of_another_file(large: Checkpoint, audit: AuditLines) -> None:
    right = sha256(large.source.read("config.json", 0, 1 << 20)).hexdigest()
    wrong = f"{right[:-1]}{'0' if right[-1] != '0' else '1'}"
    for text in ("| `config.json` | 16,933 | `{}` |", "```\n{}  config.json\n```"):
        assert audit("K104", text.format(right)) == []
        (found,) = audit("K104", text.format(wrong))
        assert f"sha256 of config.json: the card says {wrong}, it is {right}" in found


def test_silent_on_checksums_of_what_is_not_there(audit: AuditLines) -> None:
    assert audit("K104", f"| `script.py` | `{'0' * 64}` |\n| data.json | `{'1' * 64}` |") == []
