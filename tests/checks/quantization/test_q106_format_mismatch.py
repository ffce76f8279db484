import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

TOP = "quantization_config.format"
GROUP = "quantization_config.config_groups.group_0.format"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("llama-nvfp4", "float-quantized"),
        ("llama-nvfp4", "mxfp4-pack-quantized"),
        ("llama-nvfp4", "dense"),
        ("llama-mxfp4", "nvfp4-pack-quantized"),
        ("llama-mxfp8", "float-quantized"),
        ("llama-fp8-dynamic", "pack-quantized"),
        ("llama-fp8-block", "mxfp8-quantized"),
        ("llama-w8a8-int8", "nvfp4-pack-quantized"),
        ("llama-w4a16", "mxfp4-pack-quantized"),
    ],
)
def test_fires_on_a_format_that_cannot_hold_the_arguments(
    name: str, form: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name).config(GROUP, form).config(TOP, form)
    assert findings("Q106", broken) == [f"error config.json: {GROUP}"]
    alone = draft(name).config(GROUP, None).config(TOP, form)
    where = GROUP if form == "dense" else TOP
    assert findings("Q106", alone) == [f"error config.json: {where}"]


@pytest.mark.parametrize("top", ["mixed-precision", "fakequant", "dense", None])
def test_fires_on_a_group_without_any_format(
    top: str | None, mixed: Draft, findings: Judge
) -> None:
    assert findings("Q106", mixed.config(GROUP, None).config(TOP, top)) == (
        [f"error config.json: {GROUP}"]
    )


@pytest.mark.parametrize(
    ("name", "form"),
    [("llama-fp8-dynamic", "int-quantized"), ("llama-w8a8-int8", "float-quantized")],
)
def test_fires_as_warning_on_the_other_types_name(
    name: str, form: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name).config(GROUP, form).config(TOP, form)
    assert findings("Q106", broken) == [f"warning config.json: {GROUP}"]


def test_fires_as_warning_where_the_top_level_is_not_mixed(mixed: Draft, findings: Judge) -> None:
    broken = mixed.config(TOP, "float-quantized")
    assert findings("Q106", broken) == [f"warning config.json: {TOP}"]


def test_fires_as_warning_where_the_top_level_is_another(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-nvfp4").config(TOP, "float-quantized")
    assert findings("Q106", broken) == [f"warning config.json: {TOP}"]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("llama-fp8-dynamic", "naive-quantized"),
        ("llama-w8a8-int8", "naive-quantized"),
        ("llama-w8a8-int8", "pack-quantized"),
        ("llama-w8a16", "int-quantized"),
    ],
)
def test_silent_on_other_names_that_hold_the_same(
    name: str, form: str, draft: Drafts, findings: Judge
) -> None:
    assert findings("Q106", draft(name).config(GROUP, form).config(TOP, form)) == []


def test_silent_on_older_files_with_one_format_on_top(draft: Drafts, findings: Judge) -> None:
    assert findings("Q106", draft("llama-nvfp4").config(GROUP, None)) == []


def test_silent_on_a_cache_scheme_alone(draft: Drafts, findings: Judge) -> None:
    assert findings("Q106", draft("qwen3-kv-only")) == []


def test_silent_on_one_format_called_mixed(draft: Drafts, findings: Judge) -> None:
    assert findings("Q106", draft("llama-nvfp4").config(TOP, "mixed-precision")) == []
