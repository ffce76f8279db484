import pytest

from tests.checks.values.floats import bf16
from tests.conftest import Drafts, Judge

MODULE = "model.layers.1.mlp.gate_proj"  # 256 x 128
FILE = "model.safetensors"


@pytest.mark.parametrize(
    ("name", "role", "row"),
    [
        ("llama-fp8-dynamic", "weight", bytes(128)),
        ("llama-nvfp4", "weight_packed", bytes(64)),
        ("llama-mxfp4", "weight_packed", b"\x08" * 64),
        ("llama-w4a16", "weight_packed", b"\x88" * 64),
        ("llama-w8a8-int8", "weight", bytes(128)),
    ],
)
def test_fires_on_rows_of_zeros(
    name: str, role: str, row: bytes, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name).patch(f"{MODULE}.{role}", row * 8, len(row) * 40)
    assert findings("V114", broken) == [f"warning {FILE}: {MODULE}.{role}"]


def test_fires_and_says_which(draft: Drafts, messages: Judge) -> None:
    broken = draft("llama-fp8-dynamic").patch(f"{MODULE}.weight", bytes(128 * 8), 128 * 40)
    broken.patch(f"{MODULE}.weight", bytes(128), 128 * 60)
    assert messages("V114", broken) == [
        "9 of 256 rows are zero, the first is row 40, up to 8 at a stretch"
    ]


def test_silent_on_one_row(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic").patch(f"{MODULE}.weight", bytes(128), 128 * 40)
    assert findings("V114", kept) == []


def test_silent_on_tokens_that_are_not_used(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic")
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        kept.patch(name, bf16(0.0) * 128 * 80, 2 * 128 * 300)
    assert findings("V114", kept) == []


def test_silent_on_a_weight_of_zeros_which_v113_reports(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic").patch(f"{MODULE}.weight", bytes(256 * 128))
    assert findings("V114", kept) == []


def test_fires_on_an_embedding_that_is_mostly_zeros(draft: Drafts, findings: Judge) -> None:
    name = "model.embed_tokens.weight"
    broken = draft("llama-fp8-dynamic").patch(name, bytes(2 * 128 * 200), 0)  # of 384 rows
    assert findings("V114", broken) == [f"warning {FILE}: {name}"]


@pytest.mark.parametrize("table", ["model.embed_tokens.weight", "lm_head.weight"])
@pytest.mark.parametrize("start", [0, 100, 192])
def test_fires_on_half_of_the_vocabulary(
    table: str, start: int, draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-fp8-dynamic").patch(table, bytes(2 * 128 * 192), 2 * 128 * start)
    assert findings("V114", broken) == [f"warning {FILE}: {table}"]


@pytest.mark.parametrize("name", ["<unused{}>", "[unused{}]", "<|reserved_special_token_{}|>"])
def test_silent_on_reserved_tokens(name: str, draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic")
    vocabulary = kept.read("tokenizer.json")["model"]["vocab"]
    named = {name.format(n) if n >= 192 else token: n for token, n in vocabulary.items()}
    kept.edit("tokenizer.json", "model.vocab", named)
    kept.patch("lm_head.weight", bytes(2 * 128 * 190), 2 * 128 * 194)
    assert findings("V114", kept) == []


def test_silent_on_half_of_a_table_without_a_vocabulary(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic").remove("tokenizer.json")
    kept.patch("lm_head.weight", bytes(2 * 128 * 190), 2 * 128 * 194)
    assert findings("V114", kept) == []
