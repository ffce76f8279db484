"""A declaration as compressed_tensors reads it and as we do: the same is refused, the same read."""

import json
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release.quantization.arguments import ACTORDERS, STRATEGIES, TORCH_DTYPES, Args
from release.quantization.config import FORMATS, STATUSES, parse_quantization
from release.quantization.presets import preset
from tests.conftest import GOOD

pytestmark = pytest.mark.reference

ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "x", [], {}, True, False, 0, 1, -1, 2.0, 0.5, "8", "true", "No"]
)


def of(*values: Any) -> st.SearchStrategy[Any]:
    """Mostly values that the key has, sometimes others."""
    return st.sampled_from(values) | st.sampled_from(values) | st.sampled_from(values) | ODD


ARGS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "num_bits": of(4, 8, 2, 3, 16, 8.0),
        "type": of("int", "float", "FLOAT"),
        "symmetric": of(True, False, "yes"),
        "group_size": of(None, -1, 16, 32, 128, 0, -2),
        "strategy": of(None, *sorted(STRATEGIES), "Channel"),
        "block_structure": of(None, [128, 128], "128x128", [128], [0, 1], "128x", [1.0, 2]),
        "dynamic": of(True, False, "local", "LOCAL", "global"),
        "actorder": of(None, False, *sorted(ACTORDERS), "Static"),
        "scale_dtype": of(None, "torch.float8_e4m3fn", "uint8", "torch.torch.uint8"),
        "zp_dtype": of(None, "torch.int8"),
        "observer": of(None, "minmax"),
        "observer_kwargs": of({}, {"a": 1}, None),
        "is_mse": of(True),
    },
)
GROUP = st.fixed_dictionaries(
    {"targets": of(["Linear"], ["re:.*"], [])},
    optional={
        "weights": ARGS | st.none(),
        "input_activations": ARGS | st.none(),
        "output_activations": ARGS | st.none(),
        "format": of(None, *sorted(FORMATS), "nvfp4"),
        "scheme": of("FP8"),
    },
)
CONFIG = st.fixed_dictionaries(
    {"config_groups": st.dictionaries(st.sampled_from(["group_0", "NVFP4", "w4a16"]), GROUP)},
    optional={
        "ignore": of(["lm_head"], [], None),
        "format": of("dense", "anything"),
        "quantization_status": of(*sorted(STATUSES), "done"),
        "kv_cache_scheme": ARGS,
        "whatever": ODD,
    },
)


def accepts(raw: dict[str, Any]) -> Any:
    """Give compressed_tensors' own reading, None where it raises anything."""
    config = import_module("compressed_tensors.quantization").QuantizationConfig
    try:
        return config.model_validate(json.loads(json.dumps(raw)))
    except (ValueError, TypeError, NotImplementedError, KeyError):
        return None


def differs(ours: Args | None, theirs: Any) -> list[str]:
    """Name the arguments that were read differently."""
    if ours is None or theirs is None:
        return [] if ours is None and theirs is None else ["presence"]
    dump = theirs.model_dump(mode="json")
    block = dump["block_structure"]
    dump["block_structure"] = tuple(block) if block else None
    return [
        key
        for key in Args.__struct_fields__
        if key != "actorder" and getattr(ours, key) != dump[key]
    ]


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(args=ARGS)
def test_arguments_are_refused_and_read_alike(args: dict[str, Any]) -> None:
    raw = {"config_groups": {"group_0": {"targets": ["Linear"], "weights": args}}}
    theirs, ours = accepts(raw), parse_quantization(raw)
    assert (theirs is None) == bool(ours.problems), ours.problems
    if theirs is not None:
        assert differs(ours.groups[0].weights, theirs.config_groups["group_0"].weights) == []


@settings(max_examples=600, deadline=None, derandomize=True)
@given(raw=CONFIG)
def test_declarations_are_refused_alike(raw: dict[str, Any]) -> None:
    ours = parse_quantization(raw)
    assert (accepts(raw) is None) == bool(ours.problems), ours.problems


@pytest.mark.parametrize("actorder", ["group", "dynamic", "GROUP", True])
def test_a_removed_order_of_columns_is_read_though_they_refuse_it(actorder: Any) -> None:
    weights = {"num_bits": 4, "strategy": "group", "group_size": 128, "actorder": actorder}
    raw = {"config_groups": {"group_0": {"targets": ["Linear"], "weights": weights}}}
    assert accepts(raw) is None
    read = parse_quantization(raw)
    assert read.problems == ()
    assert read.groups[0].weights is not None
    assert read.groups[0].weights.actorder in {"group", "dynamic"}


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_good_declarations_are_accepted_by_both(path: Any) -> None:
    raw = json.loads((path / "config.json").read_bytes())["quantization_config"]
    assert accepts(raw) is not None
    assert parse_quantization(raw).problems == ()


def test_the_dtypes_are_those_of_torch() -> None:
    torch = import_module("torch")
    names = {name for name in dir(torch) if isinstance(getattr(torch, name), torch.dtype)}
    assert names == TORCH_DTYPES


def test_presets_are_theirs() -> None:
    schemes = import_module("compressed_tensors.quantization.quant_scheme").PRESET_SCHEMES
    for name in schemes:
        raw = {"config_groups": {name: ["Linear"]}}
        theirs, ours = accepts(raw).config_groups[name], parse_quantization(raw)
        assert ours.problems == ()
        for part in ("weights", "input_activations", "output_activations"):
            assert differs(getattr(ours.groups[0], part), getattr(theirs, part)) == [], name
    widths = [f"W{w}A{a}" for w in range(1, 10) for a in (4, 8, 16, 32)]
    for name in [*widths, "NVFP4A4", "FP8_TENSOR", "mxfp8"]:
        assert (preset(name) is not None) == (name.upper() in schemes), name
