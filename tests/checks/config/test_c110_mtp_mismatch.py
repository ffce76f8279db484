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
