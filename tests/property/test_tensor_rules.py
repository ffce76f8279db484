"""Whatever tensors and arguments meet, the T rules answer; and only about what was changed."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release.checkpoint import open_checkpoint
from release.checkpoint.header import DTYPE_BITS
from release.facts import Facts, Level
from release.rules.catalogue import LoadedRule, all_rules
from release.rules.runner import run_rules
from tests.conftest import CHECKPOINTS
from tests.mutate import Draft, read_shard

Factory = pytest.TempPathFactory
BASES = ("llama-nvfp4", "llama-w3a16", "llama-fp8-block", "qwen3-fp8-kv", "qwen3_moe-fp8")

dtypes = st.sampled_from([name for name, bits in DTYPE_BITS.items() if bits % 8 == 0])
shapes = st.lists(st.integers(0, 7) | st.sampled_from([16, 64, 128]), max_size=3)
odd = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=8)
arguments = st.fixed_dictionaries(
    {},
    optional={
        "num_bits": st.sampled_from([1, 2, 3, 4, 8, 16, 0, -1, 10**9]) | odd,
        "type": st.sampled_from(["int", "float"]) | odd,
        "symmetric": st.booleans() | odd,
        "group_size": st.sampled_from([None, -1, 0, 1, 16, 32, 128, 10**12]) | odd,
        "strategy": st.sampled_from(
            ["tensor", "channel", "group", "tensor_group", "block", "token", "attn_head"]
        )
        | odd,
        "block_structure": st.sampled_from([None, [128, 128], [1, 10**12], [0, 0], "64x64"]) | odd,
        "dynamic": st.sampled_from([True, False, "local"]) | odd,
    },
)


@pytest.fixture(scope="module")
def rules() -> list[LoadedRule]:
    return [rule.load() for rule in all_rules() if rule.code.startswith("T")]


def judge(draft: Draft, rules: list[LoadedRule]) -> None:
    facts = Facts({"checkpoint": open_checkpoint(draft.path)}, Level.BYTES)
    for finding in run_rules(rules, facts).findings:
        assert finding.message
        assert finding.fix


def names(base: str) -> list[str]:
    folder = CHECKPOINTS / base
    return [name for shard in folder.glob("*.safetensors") for name in read_shard(shard)]


TENSORS = [(base, name) for base in BASES for name in names(base)]


@settings(max_examples=80, deadline=None, derandomize=True)
@given(place=st.sampled_from(TENSORS), dtype=dtypes, shape=shapes, known=st.booleans())
def test_no_tensor_stops_a_rule(
    *,
    place: tuple[str, str],
    dtype: str,
    shape: list[int],
    known: bool,
    rules: list[LoadedRule],
    tmp_path_factory: Factory,
) -> None:
    base, name = place
    draft = Draft(CHECKPOINTS / base, tmp_path_factory.mktemp("draft") / base)
    draft.retype(name, dtype, shape)
    judge(draft if known else draft.config("model_type", "novel"), rules)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    base=st.sampled_from(BASES),
    weights=arguments,
    inputs=st.none() | arguments,
    outputs=st.none() | arguments,
    cache=st.none() | arguments,
    form=st.none() | st.sampled_from(["pack-quantized", "naive-quantized", "dense", "x"]),
)
def test_no_arguments_stop_a_rule(  # noqa: PLR0913 - one part of a declaration each
    *,
    base: str,
    weights: dict[str, Any],
    inputs: dict[str, Any] | None,
    outputs: dict[str, Any] | None,
    cache: dict[str, Any] | None,
    form: str | None,
    rules: list[LoadedRule],
    tmp_path_factory: Factory,
) -> None:
    draft = Draft(CHECKPOINTS / base, tmp_path_factory.mktemp("draft") / base)
    quantization = draft.read()["quantization_config"]
    quantization["config_groups"]["group_0"] |= {
        "weights": weights,
        "input_activations": inputs,
        "output_activations": outputs,
        "format": form,
    }
    quantization["kv_cache_scheme"] = cache
    judge(draft.config("quantization_config", json.loads(json.dumps(quantization))), rules)


@pytest.mark.parametrize(
    "name", [".", "..", "weight", ".weight", "a..weight", "\u202e.weight", " "]
)
def test_no_name_stops_a_rule(
    name: str, rules: list[LoadedRule], tmp_path_factory: Factory
) -> None:
    draft = Draft(CHECKPOINTS / "llama-nvfp4", tmp_path_factory.mktemp("draft") / "hostile")
    judge(draft.add(name, "F8_E4M3", [2, 2], beside="lm_head.weight"), rules)
    judge(draft.config("model_type", "novel"), rules)
