import re
import time

from hypothesis import given
from hypothesis import strategies as st

from release.checkpoint import TensorInfo
from release.facts.hub_count import count_as_hub
from release.quantization.config import parse_quantization

NVFP4 = {"num_bits": 4, "type": "float", "strategy": "tensor_group", "group_size": 16}
NAME = "model.layers.3.mlp.gate_proj"


def count(targets: list[str], ignore: list[str], *names: str, format_: str = "") -> int:
    """What the page shows for packed tensors of 8 x 8 bytes under these modules."""
    group = {"targets": targets, "weights": NVFP4, "format": format_ or "nvfp4-pack-quantized"}
    declared = {"config_groups": {"group_0": group}, "ignore": ignore}
    tensors = {
        f"{name}.weight_packed": TensorInfo("U8", (8, 8), "model.safetensors", 0, 64)
        for name in names
    }
    return count_as_hub(tensors, parse_quantization(declared))


def test_packed_values_are_counted_where_the_page_finds_the_group() -> None:
    for target in (NAME, "re:.*gate_proj$", "re:^model.*mlp\\.gate_proj", "re:.*"):
        assert count([target], [], NAME) == 128, target


def test_they_are_not_where_it_does_not_understand_the_target() -> None:
    for target in ("Linear", "re:.*(gate|up)_proj$", "re:.*[0-9].*", "re:gate_proj", "re:.*gate$"):
        assert count([target], [], NAME) == 64, target


def test_they_are_not_where_the_module_is_ignored_or_stored_otherwise() -> None:
    assert count([NAME], [NAME], NAME) == 64
    assert count([NAME], ["re:.*mlp.*"], NAME) == 64
    assert count([NAME], [], NAME, format_="float-quantized") == 64


@given(st.text("ab.", max_size=8), st.text("ab.", max_size=12), st.booleans())
def test_a_pattern_is_literal_text_between_stars(body: str, name: str, whole: bool) -> None:
    stars = body.replace("a", ".*")
    end = "$" if whole else ""
    regex = ".*".join(re.escape(part) for part in stars.split(".*")) + end
    expected = 128 if re.match(regex, f"m{name}"[1:]) else 64
    assert count([f"re:{stars}{end}"], [], name) == expected


def test_time_is_linear_in_a_strangers_patterns() -> None:
    start = time.process_time()
    ignore = [f"model.layers.{number}.mlp.up_proj" for number in range(50_000)]
    names = [f"model.layers.{number}.mlp.down_proj" for number in range(50_000)]
    assert count(["re:" + "a.*" * 40 + "b$"], ignore, *names, "a" * 2000) == 64 * 50_001
    assert time.process_time() - start < 5


def test_the_top_level_format_counts_where_no_group_is_found() -> None:
    """As in every checkpoint of one scheme: the class name `Linear` is not understood."""
    declared = {"format": "nvfp4-pack-quantized", "ignore": ["lm_head"]}
    group = {"targets": ["Linear"], "weights": NVFP4}
    tensors = {
        "a.weight_packed": TensorInfo("U8", (8, 8), "s", 0, 64),
        "lm_head.weight_packed": TensorInfo("U8", (8, 8), "s", 0, 64),
        "a.weight_scale": TensorInfo("F8_E4M3", (8, 8), "s", 0, 64),
        "a.weight_global_scale": TensorInfo("F32", (1,), "s", 0, 4),
        "a.input_scale": TensorInfo("F32", (), "s", 0, 4),
        "a.k_scale": TensorInfo("F32", (), "s", 0, 4),
    }
    both = parse_quantization({**declared, "config_groups": {"group_0": group}})
    assert count_as_hub(tensors, both) == 128 + 64
    without = parse_quantization({**declared, "config_groups": {}})
    assert count_as_hub(tensors, without) == 128 + 64, "the format's name has the bits"


def test_three_bits_are_counted_as_a_ratio() -> None:
    group = {"targets": ["a"], "weights": {"num_bits": 3, "strategy": "channel"}}
    declared = {"config_groups": {"group_0": group}, "format": "pack-quantized"}
    tensors = {"a.weight_packed": TensorInfo("I32", (8, 12), "s", 0, 384)}
    assert count_as_hub(tensors, parse_quantization(declared)) == 8 * 128
