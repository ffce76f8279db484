"""Cards that nobody wrote for a reader: they cost little time, and no traceback."""

import pytest

from release.audit.page import CARD_CAP
from release.card.check import Audit, audit_card
from release.checkpoint import open_checkpoint
from release.errors import ReleaseError
from tests.conftest import DEMO

HOSTILE = {
    "digits": "1" * 100_000,
    "percents": "recovers " + "1" * 100_000,
    "links": "[a](" * 20_000,
    "sizes": "5 GB " * 20_000,
    "pipes": "|" * 50_000,
    "tokens": f"RTX 5090 {'9' * 400}K tokens",
    "requests": f"RTX 5090 {'9' * 400} concurrent x 4K tokens",
    "version": f"vllm 0.{'1' * 5000} and vllm 9.{'9' * 5000}",
    "digits of others": "vLLM \uff11.20, group of \u0663",
    "group": "group of 10%",
    "aliases": "---\na: &a [x, x]\nb: &b [*a, *a]\nlicense: *b\n---\n",
    "nesting": f"---\n{'[' * 2000}\n---\n",
    "mappings": "---\nlicense: [mit, {a: b}]\nbase_model: {a: 1}\ntags: 5\n---\n",
    "surrogate": "\ud800 5 GB",
    "no heads": "| NVFP4 | a | b |\n| FP8 | gate_proj | b |",
    "open fence": "```bash\nvllm serve a/b \\",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_is_audited(text: str) -> None:
    report = audit_card(Audit("README.md", text, open_checkpoint(DEMO)))
    assert "K104" in report.checked


def test_a_book_is_refused() -> None:
    with pytest.raises(ReleaseError, match="more than a card"):
        audit_card(Audit("README.md", "a" * (CARD_CAP + 1)))
