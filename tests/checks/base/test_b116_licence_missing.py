import pytest

from tests.conftest import Compare, Drafts

TEXT = "Apache License\nVersion 2.0, January 2004\n"


@pytest.mark.parametrize("file", ["LICENSE", "NOTICE.txt", "LICENCE.md", "USE_POLICY.md"])
def test_fires_on_a_lost_text(file: str, draft: Drafts, base: Drafts, compare: Compare) -> None:
    assert compare(draft("llama-nvfp4"), base("llama").write(file, TEXT)) == [
        f"B116 warning {file}"
    ]


def test_fires_on_another_text(draft: Drafts, base: Drafts, compare: Compare) -> None:
    ours = draft("llama-nvfp4").write("LICENSE", "MIT License\n")
    assert compare(ours, base("llama").write("LICENSE", TEXT)) == ["B116 warning LICENSE"]


def test_silent_on_other_line_ends(draft: Drafts, base: Drafts, compare: Compare) -> None:
    ours = draft("llama-nvfp4").write("LICENSE", TEXT.replace("\n", "\r\n"))
    assert compare(ours, base("llama").write("LICENSE", TEXT)) == []


def test_silent_where_the_base_has_none(draft: Drafts, compare: Compare) -> None:
    assert compare(draft("llama-nvfp4").write("LICENSE", TEXT), "llama") == []
