import pytest

from release.checkpoint import open_checkpoint
from tests.conftest import Drafts, Judge
from tests.mutate import Draft

SIZE = 512  # in and out of a weight of 512 KiB
NAME = "model.layers.0.mlp.down_proj.weight"


def large(draft: Drafts) -> Draft:
    """A float weight that is long enough for a hole; its shape is not what is judged here."""
    base = draft("qwen3-kv-only").retype(NAME, "BF16", [SIZE, SIZE])
    return base.patch(NAME, bytes(range(1, 101)) * 5242 + bytes(range(1, 89)))


@pytest.mark.parametrize("byte", [b"\x00", b"\xff"])
def test_fires_on_pages_that_were_not_written(byte: bytes, draft: Drafts, findings: Judge) -> None:
    broken = large(draft).patch(NAME, byte * 70_000, 100_000)
    assert findings("V115", broken) == [f"error model.safetensors: {NAME}"]


def test_fires_and_says_where(draft: Drafts, messages: Judge) -> None:
    broken = large(draft)
    start = open_checkpoint(broken.path).tensors[NAME].start
    broken.patch(NAME, bytes(70_000), 100_000)
    assert messages("V115", broken) == [
        f"68.36 KiB are nothing but 0x00, from byte {start + 100_000:,} of the file on"
    ]


def test_silent_on_a_shorter_one(draft: Drafts, findings: Judge) -> None:
    assert findings("V115", large(draft).patch(NAME, bytes(60_000), 100_000)) == []


def test_silent_on_an_embedding(draft: Drafts, findings: Judge) -> None:
    kept = draft("qwen3-kv-only").retype("model.embed_tokens.weight", "BF16", [2048, 128])
    kept.patch("model.embed_tokens.weight", bytes(range(1, 129)) * 2 * 390, 0)  # 390 rows
    assert findings("V115", kept) == []


def test_silent_on_a_weight_of_zeros_which_v113_reports(draft: Drafts, findings: Judge) -> None:
    kept = draft("qwen3-kv-only").retype(NAME, "BF16", [SIZE, SIZE])
    assert findings("V115", kept) == []


def test_fires_inside_a_row_of_an_embedding(draft: Drafts, findings: Judge) -> None:
    name = "model.embed_tokens.weight"
    broken = draft("qwen3-kv-only").retype(name, "BF16", [2048, 128])
    broken.patch(name, bytes(range(1, 129)) * 4096)
    broken.patch(name, bytes(70_000), 100_100)
    assert findings("V115", broken) == [f"error model.safetensors: {name}"]
