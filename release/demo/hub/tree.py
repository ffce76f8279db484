"""Trees of files: blobs, git's names for them, folders, and the edits a commit makes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from release.demo.hub.wire import bad_request, no_entry

ATTRIBUTES = ".gitattributes"

LARGE_SUFFIXES = (
    *("*.7z", "*.arrow", "*.bin", "*.ckpt", "*.gguf", "*.gz", "*.h5", "*.joblib", "*.model"),
    *("*.msgpack", "*.npy", "*.npz", "*.onnx", "*.parquet", "*.pb", "*.pickle", "*.pkl", "*.pt"),
    *("*.pth", "*.safetensors", "*.tar", "*.tflite", "*.wasm", "*.xz", "*.zip", "*.zst"),
)
"""What a new repository keeps in large file storage."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One file of a tree.

    `git_sha1` is git's object name: of the bytes, or of the pointer if the file is in large
    file storage (`lfs`). `size` is that of the bytes.
    """

    size: int
    sha256: str
    git_sha1: str
    lfs: bool
    xet_hash: str | None = field(default=None, compare=False)

    @property
    def identity(self) -> str:
        """What the client compares to find unchanged files."""
        return self.sha256 if self.lfs else self.git_sha1

    @property
    def pointer_size(self) -> int:
        """Size in bytes of the pointer that git holds instead of the content."""
        return len(pointer(self.sha256, self.size))


Tree = Mapping[str, Blob]


@dataclass(frozen=True, slots=True)
class Put:
    """Add or replace a file."""

    path: str
    blob: Blob


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete a file, or a folder with all it holds."""

    path: str
    folder: bool


Edit = Put | Remove


def regular(content: bytes, sha256: str) -> Blob:
    """Describe a file that git holds itself."""
    return Blob(len(content), sha256, git_name("blob", content), lfs=False)


def large(sha256: str, size: int, xet_hash: str | None) -> Blob:
    """Describe a file in large file storage."""
    return Blob(size, sha256, git_name("blob", pointer(sha256, size)), lfs=True, xet_hash=xet_hash)


def pointer(sha256: str, size: int) -> bytes:
    """Return the pointer file of the LFS specification."""
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return text.encode()


def git_name(kind: str, content: bytes) -> str:
    """Return the sha1 by which git names an object."""
    head = f"{kind} {len(content)}\0".encode()
    return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()


def edited(tree: Tree, edits: list[Edit]) -> dict[str, Blob]:
    """Return `tree` after the edits, in order. Raises HubError 404 for deletions of nothing."""
    result = dict(tree)
    for edit in edits:
        if isinstance(edit, Put):
            check_path(edit.path)
            result[edit.path] = edit.blob
        else:
            for path in _removed(result, edit):
                del result[path]
    for path in result:
        for parent in folders_of(path):
            if parent in result:
                raise bad_request(f'"{parent}" cannot be a file and a folder')
    return result


def _removed(tree: Tree, edit: Remove) -> list[str]:
    if edit.folder:
        found = [path for path in tree if path.startswith(edit.path.rstrip("/") + "/")]
    else:
        found = [edit.path] if edit.path in tree else []
    if not found:
        raise no_entry(edit.path)
    return found


def check_path(path: str) -> None:
    """Raise HubError 400 unless `path` names a file inside a repository."""
    parts = path.split("/")
    if not path or "\0" in path or "\\" in path or {"", ".", "..", ".git"} & set(parts):
        raise bad_request(f"Invalid path in repo: {path!r}")


def folders_of(path: str) -> list[str]:
    """Return the folders that hold a path, outermost first; not the root."""
    parents = PurePosixPath(path).parents
    return [str(parent) for parent in reversed(parents) if str(parent) != "."]


def folders(tree: Tree) -> set[str]:
    """Return all folders of a tree."""
    return {folder for path in tree for folder in folders_of(path)}


def folder_name(tree: Tree, folder: str) -> str:
    """Return an object name for a folder that depends on all it holds."""
    inside = sorted(
        f"{path} {blob.git_sha1}" for path, blob in tree.items() if path.startswith(folder + "/")
    )
    return git_name("tree", "\n".join(inside).encode())


def first_attributes() -> bytes:
    """Return the `.gitattributes` every repository starts with."""
    return b"".join(attribute_line(pattern) for pattern in LARGE_SUFFIXES)


def attribute_line(pattern: str) -> bytes:
    """Return the line that puts a pattern into large file storage."""
    return f"{pattern} filter=lfs diff=lfs merge=lfs -text\n".encode()


def tracked(path: str, attributes: bytes) -> bool:
    """Whether `.gitattributes` puts a path into large file storage; the last match counts."""
    verdict = False
    for line in attributes.decode(errors="replace").splitlines():
        pattern, *settings = line.split() or [""]
        if pattern and not pattern.startswith("#") and _matches(path, pattern):
            for setting in settings:
                if setting.lstrip("-!").split("=")[0] == "filter":
                    verdict = setting == "filter=lfs"
    return verdict


def ignored(path: str, rules: str) -> bool:
    """Whether a `.gitignore` excludes a path; `!` takes back, the last match counts."""
    verdict = False
    names = [path, *folders_of(path)]
    for line in rules.splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        pattern = rule.removeprefix("!")
        candidates = names[1:] if pattern.endswith("/") else names
        if any(_matches(name, pattern.rstrip("/")) for name in candidates):
            verdict = not rule.startswith("!")
    return verdict


def _matches(path: str, pattern: str) -> bool:
    anchored = pattern.lstrip("/")
    if "/" in pattern:
        return fnmatchcase(path, anchored)
    return fnmatchcase(PurePosixPath(path).name, anchored)
