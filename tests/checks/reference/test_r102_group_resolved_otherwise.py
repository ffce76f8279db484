import pytest

from release.facts.reference.declaration import TheirDeclaration
from release.unknown import Unknown
from tests.checks.reference.conftest import Asked
from tests.conftest import Drafts
from tests.mutate import Draft

pytestmark = pytest.mark.reference
TARGETS = "quantization_config.config_groups.group_0.targets"
MODULE = "model.layers.0.mlp.down_proj"


def said(**claims: str) -> TheirDeclaration:
    return TheirDeclaration("ct 9", None, claims)


def head_only(draft: Drafts) -> Draft:
    return draft("llama-nvfp4").config(TARGETS, [MODULE])


def test_fires_for_each_module_of_another_group(draft: Drafts, asked: Asked) -> None:
    found = asked("R102", head_only(draft), their_declaration=said(lm_head="group_0"))
    assert found == [
        f"warning {MODULE}: ct 9 gives it no group, release group 'group_0'",
        "warning lm_head: ct 9 gives it group 'group_0', release no group",
    ]


def test_silent_when_all_agree(draft: Drafts, asked: Asked) -> None:
    names = ["Linear", "re:.*mlp.*", MODULE, "Embedding", "re:model.layers.1"]
    assert asked("R102", draft("llama-nvfp4").config(TARGETS, names)) == []


def test_silent_when_the_declaration_is_at_fault(draft: Drafts, asked: Asked) -> None:
    broken = head_only(draft).config("quantization_config.ignore", 5)
    assert asked("R102", broken, their_declaration=said()) == []


def test_silent_when_the_package_did_not_come_so_far(draft: Drafts, asked: Asked) -> None:
    stopped = TheirDeclaration("ct 9", None, Unknown("it was stopped"))
    assert asked("R102", head_only(draft), their_declaration=stopped) == [
        "not checked: it was stopped"
    ]
