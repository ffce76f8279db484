import pytest

from tests.checks.reference.conftest import Asked
from tests.conftest import Drafts

pytestmark = pytest.mark.reference


def test_fires_when_transformers_cannot_load_it(draft: Drafts, asked: Asked) -> None:
    broken = draft("llama-nvfp4").edit("tokenizer.json", "decoder", {"type": "Nonsense"})
    (found,) = asked("R103", broken)
    assert found.startswith("error tokenizer.json: transformers ")
    assert str(broken.path) not in found


def test_silent_when_it_loads(draft: Drafts, asked: Asked) -> None:
    assert asked("R103", draft("demo")) == []


def test_silent_when_nobody_can_read_the_file(draft: Drafts, asked: Asked) -> None:
    assert asked("R103", draft("llama-nvfp4").write("tokenizer.json", "{")) == []


def test_silent_where_it_is_remote_code(draft: Drafts, asked: Asked) -> None:
    remote = draft("llama-nvfp4").edit(
        "tokenizer_config.json", "auto_map", {"AutoTokenizer": ["code.Strange", None]}
    )
    remote.edit("tokenizer_config.json", "tokenizer_class", "Strange")
    remote.write("code.py", "raise SystemExit('remote code ran')")
    assert asked("R103", remote) == [
        "not checked: its tokenizer is remote code, which is never run"
    ]
