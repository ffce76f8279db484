import pytest

from release.facts.reference.model import TheirModel
from tests.checks.reference.conftest import Asked
from tests.conftest import Drafts

pytestmark = pytest.mark.reference


def test_fires_when_the_class_cannot_be_built(draft: Drafts, asked: Asked) -> None:
    (found,) = asked("R106", draft("llama-nvfp4").config("hidden_act", "nonsense"))
    assert found.startswith("error config.json: architectures: transformers ")
    assert "nonsense" in found


def test_fires_on_each_tensor_that_differs(draft: Drafts, asked: Asked) -> None:
    theirs = TheirModel("t 9", linear={"model.norm.weight": (7,)})
    found = asked("R106", draft("llama-nvfp4"), their_model=theirs)
    assert found[0] == ("warning model.norm.weight: t 9 has shape [7], release expects shape [128]")
    assert "t 9 has no such tensor, release expects shape [384, 128]" in found[1]


def test_silent_where_both_agree(draft: Drafts, asked: Asked) -> None:
    assert asked("R106", draft("mixtral-w4a16")) == []


def test_silent_where_transformers_has_no_such_class(draft: Drafts, asked: Asked) -> None:
    strange = draft("llama-nvfp4").config("architectures", ["StrangeForCausalLM"])
    (found,) = asked("R106", strange)
    assert found.startswith("not checked: transformers cannot build the model: ")


def test_silent_where_there_are_more_layers_than_in_any_model(draft: Drafts, asked: Asked) -> None:
    (found,) = asked("R106", draft("llama-nvfp4").config("num_hidden_layers", 10**9))
    assert found == "not checked: 1,000,000,000 layers are more than any model has"
