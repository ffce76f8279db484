"""AWQ where gate and up are one weight, as Phi's are, and norms whose rounding shows."""

import numpy as np
import pytest

from release.comparison.folding import cancel, norm_ratios
from tests.conftest import BASES, Compare, Drafts
from tests.mutate import Draft, Entry, read_shard

PARTS = ("gate_proj", "up_proj")
LAYERS = range(2)


def joined(draft: Draft, made: dict[str, Entry]) -> Draft:
    """Put gate_proj and up_proj of every layer one below the other."""
    for layer in LAYERS:
        block = f"model.layers.{layer}.mlp"
        roles = [
            name.removeprefix(f"{block}.gate_proj.") for name in made if f"{block}.gate" in name
        ]
        for role in roles:
            gate, up = (made[f"{block}.{part}.{role}"] for part in PARTS)
            name, shape = f"{block}.gate_up_proj.{role}", list(gate[1])
            values = gate[2] + up[2]
            if role == "weight_shape":
                rows, columns = np.frombuffer(gate[2], "<i8")
                values = np.array([rows * 2, columns], "<i8").tobytes()
            else:
                shape[0] *= 2
            draft.add(name, gate[0], shape, beside="model.norm.weight").store(name, values)
            for part in PARTS:
                draft.drop(f"{block}.{part}.{role}")
    return draft


@pytest.fixture
def pair(draft: Drafts, base: Drafts) -> tuple[Draft, Draft]:
    """What AWQ made of a model whose gate and up are one, and that model."""
    ours, origin = draft("llama-w4a16-awq"), base("llama")
    made = read_shard(ours.path / "model.safetensors")
    return joined(ours, made), joined(origin, read_shard(BASES / "llama" / "model.safetensors"))


def test_rows_of_a_joined_weight_are_scaled(pair: tuple[Draft, Draft], compare: Compare) -> None:
    assert compare(*pair) == []


def test_columns_that_do_not_cancel_them(pair: tuple[Draft, Draft], compare: Compare) -> None:
    down = "model.layers.1.mlp.down_proj"

    def doubled(raw: bytes) -> bytes:
        return (np.frombuffer(raw, "<u2") + 0x80).astype("<u2").tobytes()

    pair[0].change(f"{down}.weight_scale", doubled)
    assert compare(*pair) == [f"B107 error {down}"]


def test_factors_cancel_those_of_the_last_rows() -> None:
    columns, ones = np.array([2.0, 4.0], np.float32), np.ones(2, np.float32)
    assert cancel(columns, np.concatenate([ones, 1 / columns]))
    assert not cancel(columns, np.concatenate([1 / columns, ones]))
    assert not cancel(columns, np.array([0.5], np.float32))
    assert cancel(None, None)


@pytest.mark.parametrize(("factor", "good"), [(1.0, True), (0.1, False), (np.nan, True)])
def test_one_column_is_off_unless_rounding_left_nothing_of_it(factor: float, good: bool) -> None:
    columns = np.ones(64, np.float32)
    columns[7] = factor
    assert cancel(columns, np.ones(64, np.float32)) is good


def test_the_doubt_of_a_norm_near_minus_one() -> None:
    base, ours = np.array([0.5, -0.1], np.float32), np.array([-0.9, -0.1], np.float32)
    (_, plain), (ratio, doubt) = norm_ratios(ours, base)
    assert np.allclose(ratio, [15, 1])
    assert doubt[0] > 0.03 > doubt[1] > 0  # 2 ** -8 of 0.9, in what is left of it: 0.1
    assert (plain < 0.02).all()
