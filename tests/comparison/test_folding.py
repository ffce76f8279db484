"""AWQ, SmoothQuant and rotations: what they change by right, and faults among it."""

import numpy as np
import pytest

from release.quantization.decoding import to_float32
from tests.checks.values.floats import bf16
from tests.conftest import BASES, Compare, Drafts
from tests.mutate import Draft, read_shard

SMOOTH, AWQ, SPUN = "llama-w8a8-smoothquant", "llama-w4a16-awq", "llama-w4a16-spinquant"
NORM = "model.layers.0.post_attention_layernorm.weight"
MLP = "model.layers.0.mlp"


def of_base(tensor: str) -> bytes:
    return read_shard(BASES / "llama" / "model.safetensors")[tensor][2]


def doubled(raw: bytes) -> bytes:
    return (np.frombuffer(raw, "<u2") + 0x80).astype("<u2").tobytes()


def test_a_norm_that_was_not_divided_leaves_its_weights_scaled(
    draft: Drafts, compare: Compare
) -> None:
    broken = draft(SMOOTH).change(NORM, lambda _: of_base(NORM))
    assert sorted(compare(broken, "llama")) == [
        f"B107 error {MLP}.gate_proj",
        f"B107 error {MLP}.up_proj",
    ]


@pytest.mark.parametrize(("values", "doublings"), [(slice(8), 2), (slice(40, 41), -2)])
def test_values_of_a_scaled_norm_are_seen(
    values: slice, doublings: int, draft: Drafts, compare: Compare
) -> None:
    def off(raw: bytes) -> bytes:
        words = np.frombuffer(raw, "<u2").astype(np.int32)
        words[values] += doublings * 0x80
        return words.astype("<u2").tobytes()

    assert compare(draft(SMOOTH).change(NORM, off), "llama") == [f"B104 error {NORM}"]


def test_scales_that_do_not_cancel(draft: Drafts, compare: Compare) -> None:
    broken = draft(AWQ).change(f"{MLP}.down_proj.weight_scale", doubled)
    assert compare(broken, "llama") == [f"B107 error {MLP}.down_proj"]
    assert "by factors that do not cancel" in compare(broken, "llama", words=True)[0]


def test_an_exchanged_layer_is_named_all_the_same(draft: Drafts, compare: Compare) -> None:
    broken: Draft = draft(SMOOTH)
    one, other = (f"model.layers.{i}.mlp.gate_proj" for i in range(2))
    for role in ("weight", "weight_scale"):
        broken.exchange(f"{one}.{role}", f"{other}.{role}")
    assert f"{one} and {other} are exchanged" in compare(broken, "llama", words=True)


def test_an_unquantized_tensor_that_no_scale_explains(draft: Drafts, compare: Compare) -> None:
    broken = draft(SMOOTH).change("model.norm.weight", doubled)
    assert compare(broken, "llama") == ["B104 error model.norm.weight"]


def test_a_rotated_weight_of_another_norm(draft: Drafts, compare: Compare) -> None:
    broken = draft(SPUN).change(f"{MLP}.gate_proj.weight_scale", doubled)
    assert compare(broken, "llama") == [f"B107 error {MLP}.gate_proj"]
    assert compare(broken, "llama", words=True)[0].startswith("its norm is 2.01 times the base's")


def test_smoothing_is_undone_and_not_only_tolerated(draft: Drafts) -> None:
    ours = to_float32(draft(SMOOTH).values(NORM), "BF16")
    base = to_float32(of_base(NORM), "BF16")
    assert np.median(base / ours) > 4  # what a tolerance would have to let pass


@pytest.mark.parametrize("name", [SMOOTH, AWQ])
def test_one_value_that_leaves_its_weights_like_the_base(
    name: str, draft: Drafts, compare: Compare
) -> None:
    broken = draft(name)
    norm = "model.layers.0.input_layernorm.weight"
    raw = broken.values(norm)
    broken.store(
        norm,
        raw[:20] + (int.from_bytes(raw[20:22], "little") + 0x80).to_bytes(2, "little") + raw[22:],
    )
    assert [line for line in compare(broken, "llama") if line.endswith(norm)] != []


def test_a_broken_weight_is_not_its_norms_fault(draft: Drafts, compare: Compare) -> None:
    name = f"{MLP}.gate_proj"
    noise = np.random.default_rng(0).integers(-127, 128, 256 * 128, np.int8).tobytes()
    assert compare(draft(SMOOTH).store(f"{name}.weight", noise), "llama") == [f"B105 error {name}"]


def test_a_row_of_a_rotated_weight_has_the_norm_of_the_base(
    draft: Drafts, compare: Compare
) -> None:
    name = f"{MLP}.up_proj"
    scales = f"{name}.weight_scale"
    fourfold = (np.frombuffer(draft(SPUN).values(scales), "<u2") + 0x100).astype("<u2").tobytes()
    broken = draft(SPUN).patch(scales, fourfold[200:202], 200)
    assert compare(broken, "llama") == [f"B110 error {name}"]
    assert compare(broken, "llama", words=True) == ["row 100 of 256 is not the base's"]


@pytest.mark.parametrize("name", [SPUN, "llama-w4a16-quip"])
def test_rows_of_rotated_embeddings(name: str, draft: Drafts, compare: Compare) -> None:
    def exchanged(raw: bytes) -> bytes:
        return raw[:2560] + bytes(256) + raw[2816:]  # row 10 of 128 BF16 values

    broken = draft(name).change("model.embed_tokens.weight", exchanged)
    assert compare(broken, "llama") == ["B104 error model.embed_tokens.weight"]


def test_exchanged_norms_are_said_of_the_norms_alone(draft: Drafts, compare: Compare) -> None:
    norms = [f"model.layers.{layer}.input_layernorm.weight" for layer in (0, 1)]
    broken = draft(SMOOTH).exchange(*norms)
    assert compare(broken, "llama") == [f"B104 error {norm}" for norm in norms]


@pytest.mark.parametrize("name", [SMOOTH, AWQ])
def test_the_bias_of_a_norm_is_scaled_with_it(
    name: str, draft: Drafts, base: Drafts, compare: Compare
) -> None:
    ours, origin, bias = draft(name), base("llama"), NORM.replace(".weight", ".bias")
    for one in (ours, origin):
        one.add(bias, "BF16", [128], beside=NORM).noise(bias)
    ratio = to_float32(of_base(NORM), "BF16") / to_float32(ours.values(NORM), "BF16")
    values = to_float32(origin.values(bias), "BF16") / ratio
    assert compare(ours.store(bias, bf16(*values)), origin) == []
    values[77] *= 1.2
    (found,) = compare(ours.store(bias, bf16(*values)), origin)
    assert found.startswith("B104 ")
    assert found.endswith(bias)


def test_nothing_is_said_of_a_norm_before_weights_of_others(
    draft: Drafts, compare: Compare
) -> None:
    broken = draft(AWQ)
    for role in ("weight_packed", "weight_scale"):
        broken.exchange(f"{MLP}.gate_proj.{role}", f"{MLP}.up_proj.{role}")
    found = [finding for finding in compare(broken, "llama") if "B108" not in finding]
    assert found == []


def test_a_rotated_weight_in_the_place_of_another(draft: Drafts, compare: Compare) -> None:
    broken = draft(SPUN)
    for role in ("weight_packed", "weight_scale"):
        broken.exchange(f"{MLP}.gate_proj.{role}", f"{MLP}.up_proj.{role}")
    assert sorted(compare(broken, "llama")) == [
        f"B108 error {MLP}.gate_proj",
        f"B108 error {MLP}.up_proj",
    ]


def test_rotated_rows_in_another_order(draft: Drafts, compare: Compare) -> None:
    broken = draft(SPUN)
    for role in ("weight_packed", "weight_scale"):
        broken.change(
            f"{MLP}.up_proj.{role}", lambda raw: raw[len(raw) // 2 :] + raw[: len(raw) // 2]
        )
    assert compare(broken, "llama") == [f"B109 error {MLP}.up_proj"]
    assert "the norms of its rows" in compare(broken, "llama", words=True)[0]
