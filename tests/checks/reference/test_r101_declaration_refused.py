import pytest

from release.facts.reference.declaration import TheirDeclaration
from tests.checks.reference.conftest import Asked
from tests.conftest import Drafts

pytestmark = pytest.mark.reference
BITS = "quantization_config.config_groups.group_0.weights.num_bits"


def test_fires_when_only_the_package_refuses_it(draft: Drafts, asked: Asked) -> None:
    broken = draft("llama-nvfp4").config("quantization_config.global_compression_ratio", "much")
    (found,) = asked("R101", broken)
    assert found.startswith("error config.json: quantization_config: compressed-tensors ")
    assert "global_compression_ratio" in found


def test_fires_as_a_note_when_only_we_refuse_it(draft: Drafts, asked: Asked) -> None:
    broken = draft("llama-nvfp4").config(BITS, 5)
    found = asked("R101", broken, their_declaration=TheirDeclaration("ct 9"))
    assert found == [
        f"info config.json: {BITS}: ct 9 takes it, though Q107 says that it is 5, no float has it"
    ]


def test_silent_when_both_refuse_it(draft: Drafts, asked: Asked) -> None:
    assert asked("R101", draft("llama-nvfp4").config(BITS, 5)) == []


def test_silent_on_a_declaration_that_both_take(draft: Drafts, asked: Asked) -> None:
    assert asked("R101", draft("demo")) == []


def test_silent_without_a_declaration(draft: Drafts, asked: Asked) -> None:
    plain = draft("llama-nvfp4").unset("config.json", "quantization_config")
    assert asked("R101", plain) == []
