"""The plan and its confirmation as pure functions: files here, files there, what is to be done."""

import hashlib
from pathlib import Path
from typing import cast

import pytest

from release.checkpoint import open_checkpoint
from release.errors import ReleaseError
from release.hub.remote_file import RemoteFile
from release.publish.confirm import differences
from release.publish.files import Release, StoredFile
from release.publish.hub import Hub
from release.publish.limits import require_limits
from release.publish.look import fetch
from release.publish.others import Remote
from release.publish.plan import Plan, Wish, check_wish, make_plan, require_decided
from release.publish.record import Record, RecordedFile, read_record
from release.publish.selection import select_files
from release.report import Tool
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
        files.append(StoredFile(name, len(content), digest(content), place, stamp))
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
    assert [entry.path for entry in plan.deletes] == ([name] if deleted else [])
    assert [entry.path for entry in plan.refused] == ([] if deleted else [name])
    kept = make_plan(release, there, Wish("a/b", unknown="keep"))
    assert kept.kept == (() if deleted else (name,))
    gone = make_plan(release, there, Wish("a/b", unknown="delete"))
    assert [entry.path for entry in gone.deletes] == [name]
    assert (gone.kept, gone.refused, kept.refused) == ((), (), ())


def test_a_file_that_changed_is_not_compared_but_refused(release: Release) -> None:
    file = release.files[1]
    assert isinstance(file, StoredFile)
    file.place.write_bytes(b"[]")
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
    plan = make_plan(release, remote(theirs__txt=in_git(b"x")), Wish("a/b", unknown="keep"))
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


def recorded(name: str, content: bytes) -> RecordedFile:
    there = in_git(content)
    return RecordedFile(name, len(content), digest(content), there.git_sha1)


def record(**files: bytes) -> Record:
    listed = tuple(recorded(name.replace("__", "."), data) for name, data in files.items())
    return Record(1, Tool("release", "0"), "sha256:0", {}, {}, listed)


def test_what_the_last_release_wrote_and_this_one_does_not_is_deleted(release: Release) -> None:
    files = {"old.json": in_git(b"{}"), "model.sig": in_git(b"s"), "theirs": in_git(b"x")}
    files[".gitattributes"] = in_git(b"")
    last = record(old__json=b"{}", __gitattributes=b"")
    there = Remote(head="c" * 40, visibility="public", files=files, record=last)
    plan = make_plan(release, there, Wish("a/b"))
    assert [entry.path for entry in plan.deletes] == ["model.sig", "old.json"]
    assert [entry.path for entry in plan.refused] == ["theirs"]
    with pytest.raises(ReleaseError, match="--keep-unknown or --delete-unknown") as caught:
        require_decided(plan)
    assert caught.value.exit_code == 1


TEXT = "# ours\n"
SEALED = f"{TEXT}\n<!-- written by release 0.1.0; seal {digest(TEXT.encode())} -->\n"
CARDS = {
    "by hand": ("---\nlicense: mit\n---\n# mine\n", "was not written by release"),
    "by hand, no header": ("# mine\n", "was not written by release"),
    "ours, edited": (f"more {SEALED}", "was edited by hand"),
    "ours": (SEALED, ""),
    "the Hub's own": ("---\nlicense: mit\n---\n", ""),
    "empty": (" \n", ""),
}


@pytest.mark.parametrize("kind", CARDS)
def test_a_card_by_hand_is_not_overwritten_unasked(kind: str, release: Release) -> None:
    text, why = CARDS[kind]
    there = Remote(
        head="c" * 40,
        visibility="public",
        files={"README.md": in_git(text.encode())},
        card=text,
    )
    plan = make_plan(release, there, Wish("a/b"))
    assert [entry.path for entry in plan.refused] == (["README.md"] if why else [])
    assert all(why in entry.reason for entry in plan.refused)
    told = make_plan(release, there, Wish("a/b", overwrite_card=True))
    assert told.refused == ()
    assert bool(told.notices) == bool(why)


def test_a_change_on_the_hub_since_the_last_release_is_told(release: Release) -> None:
    files = {"config.json": in_git(b"[]"), "model.safetensors": large(b"old")}
    last = record(config__json=b"...", model__safetensors=b"old")
    there = Remote(head="c" * 40, visibility="public", files=files, record=last)
    (notice,) = make_plan(release, there, Wish("a/b")).notices
    assert notice.startswith("config.json was changed on the Hub since the last release")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"schema": 1}', b"[" * 100_000, b"\xff", b'{"schema": 99}']
)
def test_a_record_that_says_nothing_is_none(content: bytes) -> None:
    assert read_record(content) is None


@pytest.mark.parametrize("repo", ["a/b--c", "a/b..c", "a/b.git", "a/b-", "a/b."])
def test_names_that_the_hub_does_not_take(repo: str) -> None:
    with pytest.raises(ReleaseError, match="no name that the Hub takes"):
        check_wish(Wish(repo))


@pytest.mark.parametrize("tag", ["", "-x", "a/b", "v1.lock", "v1.", "v1..2", "HEAD", "main"])
def test_names_that_no_tag_has(tag: str) -> None:
    with pytest.raises(ReleaseError, match="tag"):
        check_wish(Wish("acme/tiny", tag=tag))


@pytest.mark.parametrize(
    "branch", ["", "-x", "refs/pr/1", "a..b", "a//b", "a/", "v1.lock", "f" * 40, "HEAD"]
)
def test_names_that_no_branch_has(branch: str) -> None:
    with pytest.raises(ReleaseError, match="no name for a branch"):
        check_wish(Wish("a/b", branch=branch))


def test_a_pull_request_is_against_main() -> None:
    with pytest.raises(ReleaseError, match="against the main branch, not next"):
        check_wish(Wish("a/b", branch="next", pull_request=True))


def test_what_is_too_large_to_be_ours_is_not_read(release: Release) -> None:
    hub = cast("Hub", None)  # it is not asked
    files = {"README.md": RemoteFile(10**10, "f" * 40, None)}
    card = fetch(hub, "c" * 40, "README.md", files).decode()
    there = Remote(head="c" * 40, visibility="public", files=files, card=card)
    (refused,) = make_plan(release, there, Wish("a/b")).refused
    assert refused.reason == "was not written by release"


def stored(path: str, size: int) -> StoredFile:
    return StoredFile(path, size, "0" * 64, Path(path), (0, 0))


def test_limits_of_the_hub() -> None:
    (note,) = require_limits([stored("w.safetensors", 201 * 10**9)], [])
    assert "advises shards below 200 GB" in note
    assert require_limits([stored("w.safetensors", 200 * 10**9)], ["x"]) == ()
    with pytest.raises(ReleaseError, match="no file of more than 500 GB"):
        require_limits([stored("w.safetensors", 500 * 10**9 + 1)], [])
    with pytest.raises(ReleaseError, match=r"sub: 10,001 files in one folder"):
        require_limits([], [f"sub/{number}" for number in range(10_001)])
    for name in ("a\\b", "a//b", ".git/x", "x" * 256, "a\nb"):
        with pytest.raises(ReleaseError, match="no name for a file on the Hub"):
            require_limits([stored(name, 1)], [])
