"""What a user types is a folder or a revision on the Hub, never a guess."""

from pathlib import Path

import pytest

from release.checkpoint import HubRevision
from release.checkpoint.location import parse_location, spell_location
from release.errors import ReleaseError

HUB = {
    "owner/name": HubRevision("owner/name"),
    "owner/name@v1": HubRevision("owner/name", "v1"),
    "owner/name@refs/pr/3": HubRevision("owner/name", "refs/pr/3"),
    "hf://owner/name@main": HubRevision("owner/name", "main"),
    "hf://owner/name/": HubRevision("owner/name"),
    "https://huggingface.co/owner/name": HubRevision("owner/name"),
    "https://huggingface.co/owner/name/": HubRevision("owner/name"),
    "https://hf.co/owner/name/tree/refs%2Fpr%2F1": HubRevision("owner/name", "refs/pr/1"),
    "https://huggingface.co/owner/name/blob/main/config.json": HubRevision("owner/name", "main"),
    "http://hub.corp:8080/owner/name": HubRevision("owner/name"),
    "owner/name/": HubRevision("owner/name"),
}
PATHS = [
    *("ckpt", "./owner/name", "../owner/name", "/owner/name", "a/b/c", "~/a"),
    *("owner/na me", "owner/name@", "-a/b", "", "https://github.com/owner/name"),
    *("owner/..", ".hidden/name", "owner/name@a b", "https://huggingface.co/datasets/a/b"),
]


@pytest.mark.parametrize("text", HUB)
def test_names_and_addresses_of_the_hub(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.corp:8080")
    assert parse_location(text) == HUB[text]
    assert parse_location(spell_location(HUB[text])) == HUB[text]


@pytest.mark.parametrize("text", PATHS)
def test_everything_else_is_a_path(text: str) -> None:
    assert parse_location(text) == Path(text)


@pytest.mark.parametrize("text", ["hf://", "hf://owner", "hf://owner/name@", "hf://a/b/c"])
def test_a_broken_address_is_said(text: str) -> None:
    with pytest.raises(ReleaseError, match=r"is not hf://owner/name\[@revision\]"):
        parse_location(text)


def test_what_is_here_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("owner").mkdir()
    assert parse_location("owner/name") == HubRevision("owner/name")
    Path("owner/name").symlink_to("nowhere")
    assert parse_location("owner/name") == Path("owner/name")
