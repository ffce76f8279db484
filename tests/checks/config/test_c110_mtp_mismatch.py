import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

KEY = "mtp_num_hidden_layers"


def test_fires_when_it_is_declared_and_not_stored(mixed: Draft, findings: Judge) -> None:
    broken = mixed.config(f"text_config.{KEY}", 1)
    assert findings("C110", broken) == [f"warning config.json: text_config.{KEY}"]


def test_fires_when_it_is_stored_and_not_declared(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3_5-mtp").config(f"text_config.{KEY}", 0)
    found = findings("C110", broken)
    assert len(found) == 1
    assert found[0].startswith("warning mtp.")


def test_fires_when_the_layer_above_the_last_is_declared(draft: Drafts, findings: Judge) -> None:
    broken = draft("llama-fp8-dynamic").config("num_nextn_predict_layers", 1)
    assert findings("C110", broken) == ["warning config.json: num_nextn_predict_layers"]


def test_silent_when_it_is_the_layer_above_the_last(draft: Drafts, findings: Judge) -> None:
    kept = draft("llama-fp8-dynamic").config("num_hidden_layers", 1)
    assert findings("C110", kept.config("num_nextn_predict_layers", 1)) == []


def test_silent_when_only_the_ignore_list_names_it(mixed: Draft, findings: Judge) -> None:
    ignore = mixed.read()["quantization_config"]["ignore"]
    kept = mixed.config("quantization_config.ignore", [*ignore, "re:^mtp.*"])
    assert findings("C110", kept) == []


def test_silent_when_it_is_in_a_file_of_its_own(draft: Drafts, findings: Judge) -> None:
    assert findings("C110", draft("qwen3_5-mtp")) == []


@pytest.mark.parametrize(
    "part", ["fc", "norm", "layers.0.mlp.up_proj", "layers.0.self_attn.q_norm"]
)
def test_fires_when_a_part_of_it_is_lost(part: str, draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3_5-mtp").drop(f"mtp.{part}.weight")
    assert findings("C110", broken) == [f"warning mtp.{part}"]


def test_fires_when_one_of_its_layers_is_lost(draft: Drafts, findings: Judge) -> None:
    broken = draft("qwen3_5-mtp").config(f"text_config.{KEY}", 2)
    assert findings("C110", broken) == ["warning mtp.layers.1"]


def test_fires_when_a_layer_of_the_stack_lacks_what_joins_it(
    draft: Drafts, findings: Judge
) -> None:
    kept = draft("deepseek_v3-nvfp4").config("num_nextn_predict_layers", 1)
    last, beside = "model.layers.1.", "model.norm.weight"
    for name in [name for name in kept.tensors() if name.startswith(last)]:
        kept.add(name.replace(last, "model.layers.2."), "BF16", [1], beside=beside)
    for part in ("eh_proj", "enorm", "hnorm", "shared_head.norm"):
        kept.add(f"model.layers.2.{part}.weight", "BF16", [1], beside=beside)
    assert findings("C110", kept) == []
    broken = kept.drop("model.layers.2.eh_proj.weight").drop("model.layers.2.mlp.gate.weight")
    broken.drop("model.layers.2.mlp.gate.e_score_correction_bias")
    lost = ["warning model.layers.2.eh_proj", "warning model.layers.2.mlp.gate"]
    assert findings("C110", broken) == lost
