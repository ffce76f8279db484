"""A folder from a stranger: what is read, what is refused, and the tool's last words about it."""

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from release.checkpoint import open_checkpoint
from release.checkpoint.folder import Folder
from release.errors import CheckpointError, Fault
from tests.conftest import Drafts, Run
from tests.mutate import Draft

SHARD = "model.safetensors"
NOBODY = 65534


def refused(folder: Folder) -> dict[str, Fault]:
    return {error.file: error.fault for error in folder.refused}


@contextlib.contextmanager
def without_rights() -> Iterator[None]:
    """Be a user whom file modes bind, also where the tests run as root."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_links_are_followed_only_inside(tmp_path: Path) -> None:
    root = tmp_path / "checkpoint"
    root.mkdir()
    (tmp_path / "outside.json").write_text("{}")
    (root / "inside.json").write_text("{}")
    for name, target in {
        "ok.json": "inside.json",
        "out.json": "../outside.json",
        "absolute.json": str(tmp_path / "outside.json"),
        "through.json": "out.json",
        "dangling.json": "nothing",
        "self.json": "self.json",
        "one": "two",
        "two": "one",
        "up": "..",
        "here": ".",
    }.items():
        (root / name).symlink_to(target)
    folder = Folder(root)
    assert set(folder.files) == {"inside.json", "ok.json"}
    assert folder.files["ok.json"].link == "inside.json"
    assert set(refused(folder).values()) == {Fault.SYMLINK}
    assert len(folder.refused) == 9
    assert not [error for error in folder.refused if str(tmp_path) in str(error)]


def test_a_snapshot_of_the_hub_cache_reads_its_blobs_and_nothing_else(tmp_path: Path) -> None:
    repository = tmp_path / "models--a--b"
    snapshot = repository / "snapshots" / "0123"
    (snapshot / "sub").mkdir(parents=True)
    (repository / "blobs").mkdir()
    (repository / "blobs" / "abc").write_text("{}")
    (repository / "secret").write_text("{}")
    (snapshot / "config.json").symlink_to("../../blobs/abc")
    (snapshot / "sub" / "config.json").symlink_to("../../../blobs/abc")
    (snapshot / "out.json").symlink_to("../../secret")
    folder = Folder(snapshot)
    assert set(folder.files) == {"config.json", "sub/config.json"}
    assert {info.link for info in folder.files.values()} == {""}
    assert refused(folder) == {"out.json": Fault.SYMLINK}


def test_blobs_that_lead_out_of_the_cache_are_not_followed(tmp_path: Path) -> None:
    snapshot = tmp_path / "models--a--b" / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "abc").write_text("{}")
    (tmp_path / "models--a--b" / "blobs").symlink_to("../elsewhere")
    (snapshot / "config.json").symlink_to("../../blobs/abc")
    assert refused(Folder(snapshot)) == {"config.json": Fault.SYMLINK}


def test_pipes_and_sockets_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with contextlib.chdir(tmp_path), socket.socket(socket.AF_UNIX) as endpoint:
        endpoint.bind("socket")
    assert refused(Folder(tmp_path)) == {
        "pipe.json": Fault.UNREADABLE,
        "socket": Fault.UNREADABLE,
    }


def test_what_the_user_may_not_read_is_a_defect(tmp_path: Path) -> None:
    root = tmp_path / "checkpoint"
    (root / "closed").mkdir(parents=True)
    for name in ("config.json", SHARD, "closed/notes.txt"):
        (root / name).write_bytes(b"\x02" + bytes(7) + b"{}")
    for name in (SHARD, "closed"):
        (root / name).chmod(0)
    try:
        with contextlib.chdir(root), without_rights():
            checkpoint = open_checkpoint(Path())
    finally:
        (root / "closed").chmod(0o700)
    assert {d.file: d.fault for d in checkpoint.defects if d.file != "config.json"} == {
        SHARD: Fault.UNREADABLE,
        "closed": Fault.UNREADABLE,
    }


def test_a_name_that_is_not_utf8_is_a_defect(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff.json")).write_text("{}")
    folder = Folder(tmp_path)
    assert refused(folder) == {"a\\udcff.json": Fault.NAME}
    assert folder.files == {}


def test_folders_deeper_than_the_interpreter_recurses_are_walked(tmp_path: Path) -> None:
    depth = 1500
    with contextlib.chdir(tmp_path):
        for _ in range(depth):
            Path("d").mkdir()
            os.chdir("d")
        Path("x.json").write_text("{}")
    try:
        assert max(name.count("/") for name in Folder(tmp_path).files) == depth
    finally:  # pytest clears its folders by recursion
        deepest = tmp_path.joinpath(*["d"] * depth)
        (deepest / "x.json").unlink()
        for folder in [deepest, *deepest.parents][:depth]:
            folder.rmdir()


def test_git_and_the_hub_client_keep_their_books_unread(tmp_path: Path) -> None:
    names = (".git/config", "sub/.git/config", ".release/report.json")
    for name in (*names, ".cache/huggingface/x", ".cache/other/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert set(Folder(tmp_path).files) == {".cache/other/x"}


@pytest.mark.parametrize("name", ["nowhere", "x" * 300, "file/below", "\0"])
def test_a_path_that_is_no_folder_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CheckpointError):
        Folder(tmp_path / name)


def test_a_read_beyond_the_end_or_of_a_lost_file_is_harmless(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    folder = Folder(tmp_path)
    assert folder.read("x.json", 1, 100) == b"}"
    assert folder.read("x.json", 1 << 61, 8) == b""
    (tmp_path / "x.json").unlink()
    with pytest.raises(CheckpointError):
        folder.read("x.json", 0, 2)
    assert folder.stamp("x.json") is None


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


def huge_header(draft: Draft) -> None:
    draft.write(SHARD, (100_000_001).to_bytes(8, "little") + b"{")
    os.truncate(draft.path / SHARD, 100_001_000)


def absurd_shape(draft: Draft) -> None:
    text = b'{"a\\n\\u001b[31m":{"dtype":"U8","shape":[%s],"data_offsets":[0,1]}}'
    text %= b",".join([b"9223372036854775807"] * 1000)
    draft.write(SHARD, len(text).to_bytes(8, "little") + text)


def loop_and_pipe(draft: Draft) -> None:
    (draft.path / "loop.json").symlink_to("loop.json")
    os.mkfifo(draft.path / "pipe.safetensors")


def not_utf8(draft: Draft) -> None:
    (draft.path / os.fsdecode(b"\xff.json")).write_bytes(b"{}")


BREAKS: dict[str, Callable[[Draft], object]] = {
    "a truncated shard": lambda draft: draft.truncate(SHARD, 100),
    "a pointer": lambda draft: draft.write(SHARD, POINTER),
    "a header beyond the cap": huge_header,
    "an absurd shape under a name with control characters": absurd_shape,
    "links in a circle and a pipe": loop_and_pipe,
    "a name that is not UTF-8": not_utf8,
    "a deep config": lambda draft: draft.write("config.json", '{"a":' + "[" * 99_999),
    "half a surrogate": lambda draft: draft.write("config.json", '{"\\ud800": "\\udfff"}'),
    "an index that leads out": lambda draft: draft.write(
        "model.safetensors.index.json", '{"weight_map": {"a": "../../x.safetensors"}}'
    ),
}


@pytest.mark.parametrize("change", BREAKS.values(), ids=BREAKS)
def test_the_tool_fails_with_findings_and_without_a_traceback(
    draft: Drafts, run: Run, change: Callable[[Draft], object]
) -> None:
    broken = draft("llama-nvfp4")
    change(broken)
    done = run("verify", broken.path, "--level", "headers")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    assert len(done.stderr.splitlines()) == 1


def test_the_tool_cannot_run_on_what_is_no_checkpoint(tmp_path: Path, run: Run) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "nowhere", tmp_path / ("x" * 300)):
        done = run("verify", path)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
        assert done.stderr.startswith("error: ")
