import json
from typing import Any

import pytest

from tests.conftest import Drafts, Judge, judge_one
from tests.mutate import INDEX, Draft

GROUPS = "quantization_config.config_groups"
CHIP = f"info config.json: {GROUPS}.group_1.targets"
TOTAL = f"{INDEX}: metadata.total_parameters"
ALTERNATION = r"re:.*mlp\.(gate|up|down)_proj$"


def packed(draft: Draft) -> str:
    """The group whose weights are packed, of the demo's two."""
    groups = draft.read()["quantization_config"]["config_groups"]
    return next(str(name) for name, group in groups.items() if group["weights"]["num_bits"] == 4)


def spelt(draft: Draft, *targets: str) -> Draft:
    """A copy with these targets of the packed group, and a true total."""
    draft.config(f"{GROUPS}.{packed(draft)}.targets", list(targets))
    return draft.edit(INDEX, "metadata", {})


@pytest.mark.parametrize("target", [ALTERNATION, r"re:.*mlp\.\w+_proj$", "re:.*mlp.[a-z]*_proj"])
def test_fires_on_targets_that_the_page_cannot_read(
    target: str, mixed: Draft, findings: Judge
) -> None:
    group = packed(mixed)
    assert findings("Q118", spelt(mixed, target)) == [f"info config.json: {GROUPS}.{group}.targets"]


def test_fires_with_targets_that_claim_the_same_and_count_right(
    mixed: Draft, findings: Judge
) -> None:
    (found,), _ = judge_one("Q118", spelt(mixed, ALTERNATION, r"re:.*self_attn\.o_pro[j]$").path)
    better = json.loads(found.fix.removeprefix("write ").removesuffix(": the same modules"))
    assert better == [rf"re:.*\.{name}_proj$" for name in ("gate", "up", "o", "down")]
    assert findings("Q118", spelt(mixed, *better)) == []
    assert findings("Q101", mixed) == findings("T103", mixed) == findings("T104", mixed) == []


@pytest.mark.parametrize("name", ["llama-w4a16-embedding", "qwen3_5-mixed-sharded"])
def test_fires_on_mixed_precision_by_class(name: str, draft: Drafts, findings: Judge) -> None:
    assert CHIP in findings("Q118", draft(name))


def test_fires_on_a_total_that_counts_packed_bytes(mixed: Draft, findings: Judge) -> None:
    """As transformers writes it."""
    assert findings("Q118", mixed) == [f"info {TOTAL}"]


@pytest.mark.parametrize(
    "name", ["llama-nvfp4", "llama-mxfp4", "llama-w4a16-asym", "llama-w3a16", "llama-fp8-dynamic"]
)
def test_silent_on_one_scheme_by_class(name: str, draft: Drafts, findings: Judge) -> None:
    """The page goes by the top-level format then."""
    assert findings("Q118", draft(name)) == []


@pytest.mark.parametrize("total", [1259916, "1259916", 10**12, None, True, -1, "x", [], 1e999])
def test_silent_on_a_true_total_or_none(total: Any, mixed: Draft, findings: Judge) -> None:
    assert findings("Q118", mixed.edit(INDEX, "metadata.total_parameters", total)) == []


def test_silent_on_plain_weights(draft: Drafts, findings: Judge) -> None:
    assert findings("Q118", draft("qwen3_moe-fp8")) == []
