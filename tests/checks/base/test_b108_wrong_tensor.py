import pytest

from tests.conftest import Compare, Drafts
from tests.mutate import Draft

NVFP4 = ("weight_packed", "weight_scale", "weight_global_scale")


def exchange(draft: Draft, one: str, other: str, roles: tuple[str, ...] = NVFP4) -> Draft:
    for role in roles:
        draft.exchange(f"{one}.{role}", f"{other}.{role}")
    return draft


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("layers.0.mlp.gate_proj", "layers.0.mlp.up_proj"),
        ("layers.0.self_attn.k_proj", "layers.0.self_attn.v_proj"),
        ("layers.0.mlp.down_proj", "layers.1.mlp.down_proj"),
        ("layers.0.self_attn.q_proj", "layers.1.self_attn.o_proj"),
    ],
)
def test_fires_on_two_that_are_exchanged(
    one: str, other: str, draft: Drafts, compare: Compare
) -> None:
    one, other = f"model.{one}", f"model.{other}"
    broken = exchange(draft("llama-nvfp4"), one, other)
    assert sorted(compare(broken, "llama")) == [f"B108 error {one}", f"B108 error {other}"]
    words = " and ".join(sorted((one, other)))
    assert compare(broken, "llama", words=True) == [f"{words} are exchanged"] * 2


def test_fires_once_on_each_of_exchanged_experts(draft: Drafts, compare: Compare) -> None:
    experts = "model.layers.1.mlp.experts"
    broken = draft("qwen3_moe-nvfp4")
    for part in ("gate_proj", "up_proj", "down_proj"):
        exchange(broken, f"{experts}.3.{part}", f"{experts}.5.{part}")
    assert sorted(compare(broken, "qwen3_moe", words=True)) == [
        f"holds {experts}.3's weights, all of them",
        f"holds {experts}.5's weights, all of them",
    ]
    exchange(broken, f"{experts}.3.down_proj", f"{experts}.5.down_proj")
    words = f"{experts}.3.gate_proj and {experts}.5.gate_proj are exchanged"
    assert words in compare(broken, "qwen3_moe", words=True)


@pytest.mark.parametrize("block", ["model.layers.{}", "model.layers.{}.self_attn"])
def test_fires_once_on_each_of_exchanged_blocks(
    block: str, draft: Drafts, compare: Compare
) -> None:
    broken = draft("llama-w4a16-awq")
    one, other = block.format(0), block.format(1)
    for name in [name for name in broken.tensors() if name.startswith(f"{one}.")]:
        broken.exchange(name, other + name.removeprefix(one))
    found = compare(broken, "llama")
    assert [line for line in found if "B108" in line] == [
        f"B108 error {one}",
        f"B108 error {other}",
    ]
    assert block.endswith("attn") or len(found) == 2


def test_fires_on_a_layer_stored_twice(draft: Drafts, compare: Compare) -> None:
    broken = draft("llama-fp8-dynamic")
    name = "model.layers.{}.mlp.up_proj"
    for role in ("weight", "weight_scale"):
        broken.copy(f"{name.format(0)}.{role}", f"{name.format(1)}.{role}")
    assert compare(broken, "llama") == [f"B108 error {name.format(1)}"]


def test_fires_on_exchanged_norms(draft: Drafts, compare: Compare) -> None:
    one, other = (f"model.layers.{i}.input_layernorm.weight" for i in range(2))
    broken = draft("llama-nvfp4").exchange(one, other)
    assert sorted(compare(broken, "llama")) == [f"B108 error {one}", f"B108 error {other}"]


def test_fires_on_exchanged_head_and_embeddings(draft: Drafts, compare: Compare) -> None:
    broken = draft("llama-nvfp4").exchange("lm_head.weight", "model.embed_tokens.weight")
    assert sorted(compare(broken, "llama")) == [
        "B108 error lm_head.weight",
        "B108 error model.embed_tokens.weight",
    ]


def test_silent_on_two_that_are_alike(draft: Drafts, base: Drafts, compare: Compare) -> None:
    # Two equal norms in the base: each is its own, whatever else it is.
    one, other = (f"model.layers.{i}.input_layernorm.weight" for i in range(2))
    origin, ours = base("llama"), draft("llama-nvfp4")
    values = origin.values(one)
    origin.change(other, lambda _: values)
    ours.change(other, lambda _: values)
    assert compare(ours, origin) == []
