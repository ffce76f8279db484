from release.facts import Level
from release.verify import Request, verify
from tests.checks.values.floats import bf16
from tests.conftest import BASES, Drafts, Judge
from tests.mutate import Draft

FILE = "model.safetensors"
PARTS = (
    "self_attn.q",
    "self_attn.k",
    "self_attn.v",
    "self_attn.o",
    "mlp.gate",
    "mlp.up",
    "mlp.down",
)


def copy(draft: Draft, source: str, target: str) -> Draft:
    return draft.patch(target, draft.bytes_of(source))


def test_fires_on_a_module_that_overwrote_its_sibling(draft: Drafts, messages: Judge) -> None:
    gate, up = (f"model.layers.1.mlp.{part}_proj.weight" for part in ("gate", "up"))
    broken = copy(draft("llama-fp8-dynamic"), gate, up)
    assert messages("V120", broken) == [f"holds the same bytes as {gate}"]


def test_fires_on_experts(draft: Drafts, findings: Judge) -> None:
    first, second = (f"model.layers.1.mlp.experts.{i}.down_proj.weight_packed" for i in (2, 5))
    broken = copy(draft("qwen3_moe-nvfp4"), first, second)
    assert findings("V120", broken) == [f"warning {FILE}: {second}"]


def test_fires_once_on_a_whole_layer(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic")
    for part in PARTS:
        name = f"layers.{{}}.{part}_proj.weight"
        copy(broken, f"model.{name.format(0)}", f"model.{name.format(1)}")
    assert findings("V120", broken) == ["warning model.layers.1"]


def test_silent_when_one_byte_differs(draft: Drafts, findings: Judge) -> None:
    gate, up = (f"model.layers.1.mlp.{part}_proj.weight" for part in ("gate", "up"))
    kept = copy(draft("llama-fp8-dynamic"), gate, up).patch(up, b"\x01", 4095)
    assert findings("V120", kept) == []


def test_fires_as_info_on_an_untied_head_that_is_the_embedding(
    draft: Drafts, findings: Judge
) -> None:
    kept = copy(draft("llama-nvfp4"), "model.embed_tokens.weight", "lm_head.weight")
    assert findings("V120", kept) == ["info model.safetensors: model.embed_tokens.weight"]


def test_silent_on_a_tied_head_that_is_stored(draft: Drafts, findings: Judge) -> None:
    """C109 says that it is one too many."""
    kept = copy(draft("llama-nvfp4"), "model.embed_tokens.weight", "lm_head.weight")
    assert findings("V120", kept.config("tie_word_embeddings", True)) == []


def test_silent_on_two_weights_of_zeros(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic")
    for part in ("gate", "up"):
        kept.patch(f"model.layers.1.mlp.{part}_proj.weight", bytes(256 * 128))
    assert findings("V120", kept) == []


def test_silent_on_rotations(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-w4a16-spinquant")
    names = [f"model.layers.0.mlp.{part}_proj.R4_input.weight" for part in ("gate", "up")]
    for name in names:
        kept.add(name, "BF16", [64, 64], beside="model.norm.weight")
        kept.patch(name, bf16(0.125, -0.125) * 2048)  # a Hadamard matrix has two values
    assert findings("V120", kept) == []


def test_silent_on_copies_that_the_base_has(draft: Drafts, base: Drafts) -> None:
    gate, up = (f"model.layers.1.mlp.{part}_proj.weight" for part in ("gate", "up"))
    broken, origin = draft("llama-fp8-dynamic"), base("llama")
    for weights in (broken, origin):
        copy(weights, gate, up)
    copy(broken, f"{gate}_scale", f"{up}_scale")
    for place, found in ((origin.path, []), (BASES / "llama", ["V120"])):
        report = verify(Request(broken.path, Level.BYTES, base=place, select=("V120",)))
        assert [finding.rule for finding in report.findings] == found


def test_fires_once_on_a_whole_expert(draft: Drafts, findings: Judge) -> None:
    broken, experts = draft("qwen3_moe-nvfp4"), "model.layers.1.mlp.experts"
    for part in ("gate", "up", "down"):
        source, target = (f"{experts}.{i}.{part}_proj.weight_packed" for i in (2, 5))
        copy(broken, source, target)
    assert findings("V120", broken) == [f"warning {experts}.5"]
