"""The plan and its confirmation as pure functions: files here, files there, what is to be done."""

import hashlib
from pathlib import Path

import pytest

from release.checkpoint import open_checkpoint
from release.errors import ReleaseError
from release.publish.confirm import differences, require_published
from release.publish.gate import LocalFile, Release
from release.publish.plan import Plan, Remote, RemoteFile, Wish, make_plan
from release.publish.selection import select_files
from tests.conftest import Drafts

CONTENT = {"README.md": b"card", "config.json": b"{}", "model.safetensors": b"weights" * 9}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def large(content: bytes) -> RemoteFile:
    return RemoteFile(len(content), "f" * 40, digest(content))


def in_git(content: bytes) -> RemoteFile:
    name = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    return RemoteFile(len(content), name, None)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    files = []
    for name, content in CONTENT.items():
        place = tmp_path / name
        place.write_bytes(content)
        state = place.stat()
        stamp = (state.st_ino, state.st_mtime_ns)
        files.append(LocalFile(name, len(content), digest(content), place, stamp))
    return Release("sha256:" + "a" * 64, "Verified.", tuple(files), ())


def actions(plan: Plan) -> dict[str, str]:
    return {file.path: file.action for file in plan.files}


def remote(**files: RemoteFile) -> Remote:
    named = {name.replace("__", "."): file for name, file in files.items()}
    return Remote(head="c" * 40, visibility="public", files=named)


def test_files_are_compared_by_size_and_hash_however_the_hub_keeps_them(release: Release) -> None:
    there = remote(
        README__md=in_git(b"card"),
        config__json=in_git(b"[]"),
        model__safetensors=large(CONTENT["model.safetensors"]),
    )
    plan = make_plan(release, there, Wish("a/b"))
    assert actions(plan) == {
        "README.md": "keep",
        "config.json": "replace",
        "model.safetensors": "keep",
    }
    assert plan.send_bytes == 2
    moved = remote(README__md=large(b"card"), config__json=large(b"{}"))
    assert actions(make_plan(release, moved, Wish("a/b"))) == {
        "README.md": "keep",
        "config.json": "keep",
        "model.safetensors": "add",
    }


@pytest.mark.parametrize(
    ("name", "deleted"),
    [
        ("model-00001-of-00002.safetensors", True),
        ("model.safetensors.index.json", True),
        ("old_mtp.safetensors", True),
        ("adapter_model.safetensors", False),
        ("consolidated.safetensors", False),
        ("sub/model-00001-of-00002.safetensors", False),
        ("model-00001-of-00002.safetensors.txt", False),
        ("pytorch_model.bin", False),
        ("\N{SNOWMAN}\n.json", False),
    ],
)
def test_only_weights_of_an_earlier_release_are_deleted(
    name: str, deleted: bool, release: Release
) -> None:
    there = Remote(
        head="c" * 40,
        visibility="public",
        files={name: large(b"x"), ".gitattributes": in_git(b"")},
        sharded=frozenset({"old_mtp.safetensors", "model.safetensors"}),
    )
    plan = make_plan(release, there, Wish("a/b"))
    assert (plan.deletes, plan.kept) == (((name,), ()) if deleted else ((), (name,)))


def test_a_file_that_changed_is_not_compared_but_refused(release: Release) -> None:
    release.files[1].place.write_bytes(b"[]")
    with pytest.raises(ReleaseError, match=r"config\.json: changed since it was verified"):
        make_plan(release, remote(config__json=in_git(b"{}")), Wish("a/b"))


def test_a_tag_on_the_same_release_may_be_named_again(release: Release) -> None:
    same = {name: large(content) for name, content in CONTENT.items()}
    there = Remote(head="c" * 40, visibility="public", files=same, tags={"v1": "c" * 40})
    plan = make_plan(release, there, Wish("a/b", tag="v1"))
    assert not plan.changes
    elsewhere = Remote(head="c" * 40, visibility="public", files=same, tags={"v1": "d" * 40})
    with pytest.raises(ReleaseError, match="tags are never moved"):
        make_plan(release, elsewhere, Wish("a/b", tag="v1"))


def test_a_tree_that_is_not_the_release_is_told_apart(release: Release) -> None:
    plan = make_plan(release, remote(theirs__txt=in_git(b"x")), Wish("a/b"))
    good = {name: large(content) for name, content in CONTENT.items()}
    good |= {"theirs.txt": in_git(b"x"), ".gitattributes": in_git(b"")}
    assert differences(plan, release, good) == []
    cases = {
        "config.json is missing": {k: v for k, v in good.items() if k != "config.json"},
        "config.json is not as verified": good | {"config.json": large(b"[]")},
        "model.safetensors is not as verified": good | {"model.safetensors": large(b"w" * 63)},
        "model-2.safetensors should not be there": good | {"model-2.safetensors": large(b"x")},
    }
    for words, tree in cases.items():
        assert differences(plan, release, tree) == [words]
        with pytest.raises(ReleaseError, match="neither tagged nor made public") as caught:
            require_published(plan, release, tree, "c" * 40)
        assert caught.value.exit_code == 1


def test_files_of_a_release_by_name(draft: Drafts) -> None:
    folder = draft("qwen3_5-mtp")
    extra = ("LICENSE", "LICENSE.txt", "NOTICE", "additional_chat_templates/tool.jinja")
    others = {
        "LICENSE.py": "no known file",
        "consolidated.safetensors": "the index does not name it",
        "hf_quant_config.json": "no known file",
        "optimizer.pt": "a pickle",
        "pytorch_model.bin": "a pickle",
        "tokenizer.model": "a pickle",
        ".env": "no known file",
        "sub/config.json": "no known file",
    }
    for name in extra:
        folder.write(name, "text")
    for name in others:
        folder.write(name, b"\x80\x02}q\x00." if name == "tokenizer.model" else b"text")
    (folder.path / "link.json").symlink_to("/etc/passwd")
    chosen = select_files(open_checkpoint(folder.path), ())
    assert set(extra) <= set(chosen.paths)
    assert {"model_mtp.safetensors", "model.safetensors.index.json"} <= set(chosen.paths)
    reasons = {left.path: left.reason for left in chosen.left_out}
    assert set(reasons) == {*others, "link.json"}
    for name, words in others.items():
        assert reasons[name].startswith(words)
    named = select_files(open_checkpoint(folder.path), ("sub/config.json",))
    assert "sub/config.json" in named.paths
