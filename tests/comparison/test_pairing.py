import pytest

from release.comparison.names import canonical
from release.comparison.pairing import Slab, Wanted, pair

GATE = "model.layers.0.mlp.experts.2.gate_proj.weight"
UP = "model.layers.0.mlp.experts.2.up_proj.weight"
DOWN = "model.layers.0.mlp.experts.2.down_proj.weight"
FUSED = "model.layers.0.mlp.experts.gate_up_proj"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("model.layers.3.mlp.up_proj.weight", "model.language_model.layers.3.mlp.up_proj.weight"),
        ("model.language_model.layers.3.a.b", "language_model.model.layers.3.a.b"),
        ("lm_head.weight", "language_model.lm_head.weight"),
        ("visual.blocks.0.attn.qkv.weight", "model.visual.blocks.0.attn.qkv.weight"),
        ("vision_tower.vision_model.encoder.x", "model.vision_tower.encoder.x"),
        ("backbone.embeddings.weight", "model.embed_tokens.weight"),
        (
            "model.layers.0.block_sparse_moe.experts.7.w1.weight",
            "model.layers.0.mlp.experts.7.gate_proj.weight",
        ),
        ("model.layers.0.block_sparse_moe.gate.weight", "model.layers.0.mlp.gate.weight"),
    ],
)
def test_names_of_one_tensor(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("model.layers.1.mlp.up_proj.weight", "model.layers.11.mlp.up_proj.weight"),
        ("model.visual.norm.weight", "model.norm.weight"),
        ("vision_model.layers.0.x", "model.layers.0.x"),
        ("mtp.layers.0.mlp.up_proj.weight", "model.layers.0.mlp.up_proj.weight"),
        ("model.layers.0.conv.w1.weight", "model.layers.0.conv.gate_proj.weight"),
    ],
)
def test_names_of_two_tensors(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    ("shape", "transposed"),
    [((4, 48, 32), False), ((4, 32, 48), True)],
)
def test_fused_experts_in_both_orders(shape: tuple[int, ...], transposed: bool) -> None:
    found = pair({GATE: Wanted((24, 32)), UP: Wanted((24, 32))}, {FUSED: shape})
    halves = {
        name: [view[0] for view in views if view[0].step == 1]
        for name, views in found.views.items()
    }
    assert halves == {
        GATE: [Slab(FUSED, 0, 24, 1, 2, transposed)],
        UP: [Slab(FUSED, 24, 48, 1, 2, transposed)],
    }
    assert found.left == ()


def test_fused_experts_that_are_square_leave_the_order_to_the_values() -> None:
    found = pair({GATE: Wanted((16, 32))}, {FUSED: (4, 32, 32)})
    assert {(view[0].transposed, view[0].step) for view in found.views[GATE]} == {
        (False, 1),
        (False, 2),
        (True, 1),
        (True, 2),
    }


def test_fused_down_projections() -> None:
    fused = FUSED.replace("gate_up", "down")
    found = pair({DOWN: Wanted((32, 24))}, {fused: (4, 32, 24)})
    assert found.views[DOWN] == ((Slab(fused, 0, 32, 1, 2, False),),)


def test_an_expert_beyond_the_base() -> None:
    found = pair({GATE: Wanted((24, 32))}, {FUSED: (2, 48, 32)})
    assert found.alone == (GATE,)


def test_parts_of_a_joined_projection() -> None:
    name = "model.layers.0.self_attn.{}.weight"
    ours = {
        name.format(f"{p}_proj"): Wanted((rows, 8))
        for p, rows in zip("qkv", (16, 4, 4), strict=True)
    }
    joined = name.format("qkv_proj")
    found = pair(ours, {joined: (24, 8)})
    assert found.views[name.format("v_proj")] == ((Slab(joined, 20, 24),),)
    assert found.left == ()


def test_a_joined_projection_of_parts() -> None:
    name = "model.layers.0.mlp.{}.weight"
    theirs = {name.format("gate_proj"): (6, 8), name.format("up_proj"): (6, 8)}
    found = pair({name.format("gate_up_proj"): Wanted((12, 8))}, theirs)
    slabs = tuple(Slab(tensor, 0, 6) for tensor in theirs)
    assert found.views[name.format("gate_up_proj")] == (slabs,)


def test_a_head_that_the_base_ties() -> None:
    found = pair({"lm_head.weight": Wanted((9, 4))}, {"model.embed_tokens.weight": (9, 4)})
    assert found.views["lm_head.weight"] == ((Slab("model.embed_tokens.weight"),),)


def test_columns_that_packing_added() -> None:
    wanted = Wanted((8, 138), slack=11)  # 13 words of 3 bits hold 138 columns
    assert wanted.fits((8, 130))
    assert not wanted.fits((8, 127))
    assert not wanted.fits((8, 139))


def test_another_shape_is_said_so() -> None:
    found = pair({"model.norm.weight": Wanted((8,))}, {"model.norm.weight": (9,)})
    assert found.shapes == {"model.norm.weight": (9,)}


def test_a_name_that_two_tensors_share_is_nobodys() -> None:
    theirs = {"model.a.weight": (2,), "language_model.a.weight": (2,)}
    assert pair({"a.weight": Wanted((2,))}, theirs).alone == ("a.weight",)


def test_slabs_in_words() -> None:
    assert str(Slab("a")) == "a"
    assert str(Slab("a", 4, 8)) == "a[4:8]"
    assert str(Slab("a", 1, 8, 2, 3, True)) == "a[3, :, 1:8:2]"


def test_experts_with_biases_are_those_of_gpt_oss() -> None:
    theirs = {FUSED: (4, 32, 48), f"{FUSED}_bias": (4, 48)}
    found = pair({GATE: Wanted((24, 32)), UP: Wanted((24, 32))}, theirs)
    assert found.views == {
        GATE: ((Slab(FUSED, 0, 48, 2, 2, transposed=True),),),
        UP: ((Slab(FUSED, 1, 48, 2, 2, transposed=True),),),
    }
