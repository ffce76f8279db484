from typing import Any

import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

ROOT = "quantization_config"
ORDER = f"{ROOT}.config_groups.group_0.weights.actorder"
SPARSE = {"format": "sparse-24-bitmask", "targets": ["Linear"], "sparsity_structure": "2:4"}
ROTATION = {"config_groups": {"R4": {"type": "hadamard", "apply": []}}}


def test_fires_on_sparsity(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").config(f"{ROOT}.sparsity_config", SPARSE)
    assert findings("Q117", broken) == [f"error config.json: {ROOT}.sparsity_config"]


@pytest.mark.parametrize("form", ["marlin-24", "sparse-bitmask", "sparse-24-bitmask"])
def test_fires_on_a_format_that_is_gone(form: str, draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-w4a16").config(f"{ROOT}.format", form)
    assert findings("Q117", broken) == [f"error config.json: {ROOT}.format"]


@pytest.mark.parametrize("order", ["group", "dynamic", True])
def test_fires_as_warning_on_an_order_that_needs_an_index(
    order: Any, draft: Drafts, findings: Judge
) -> None:
    broken = draft("llama-w4a16").config(ORDER, order)
    assert findings("Q117", broken) == [f"warning config.json: {ORDER}"]
    assert findings("Q107", broken) == []


def test_fires_as_info_on_a_transform(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config(f"{ROOT}.transform_config", ROTATION)
    assert findings("Q117", broken) == [f"info config.json: {ROOT}.transform_config"]


@pytest.mark.parametrize("order", ["static", "weight", False, None])
def test_silent_on_orders_without_an_index(order: Any, draft: Drafts, findings: Judge) -> None:
    assert findings("Q117", draft("llama-w4a16-gptq").config(ORDER, order)) == []


def test_silent_on_the_sparsity_that_older_versions_wrote(draft: Drafts, findings: Judge) -> None:
    dense = {"format": "dense", "targets": [], "ignore": ["lm_head"], "global_sparsity": 0.1}
    assert findings("Q117", draft("llama-nvfp4").config(f"{ROOT}.sparsity_config", dense)) == []


@pytest.mark.parametrize("place", ["compression_config", "text_config.quantization_config"])
def test_fires_as_warning_where_only_vllm_reads_it(
    place: str, mixed: Draft, findings: Judge
) -> None:
    declaration = mixed.read()[ROOT]
    broken = mixed.unset("config.json", ROOT).config(place, declaration)
    assert findings("Q117", broken) == [f"warning config.json: {place}"]
