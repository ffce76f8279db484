"""What a file is by its first bytes, whatever its name says: downloads leave many things."""

import re

HEAD_BYTES = 512
POINTER, XET_POINTER, PICKLE, ARCHIVE = "git-LFS pointer", "git-xet pointer", "pickle", "archive"
EXECUTABLE, GGUF, WEB_PAGE, ERROR = "executable", "GGUF model", "web page", "server's error"
INSTEAD = (POINTER, XET_POINTER, WEB_PAGE, ERROR)
"""Kinds of text that stand where a file should be."""

# A protocol byte alone proves nothing: what follows is an opcode that a pickle starts with.
_PICKLE = re.compile(rb"\x80(?:[\x02\x03][]c}(XKMNGU\x88\x89\x8a\x8c\x94q\x58]|[\x04\x05]\x95)")
_STARTS = {
    b"version https://git-lfs": POINTER,
    b"version https://hawser": POINTER,
    b"# xet version": XET_POINTER,
    b"PK\x03\x04": ARCHIVE,
    b"\x1f\x8b\x08": ARCHIVE,
    b"7z\xbc\xaf\x27\x1c": ARCHIVE,
    b"\x28\xb5\x2f\xfd": ARCHIVE,
    b"\xfd7zXZ\x00": ARCHIVE,
    b"BZh91AY&SY": ARCHIVE,
    b"Rar!\x1a\x07": ARCHIVE,
    b"\x7fELF": EXECUTABLE,
    b"\xcf\xfa\xed\xfe": EXECUTABLE,
    b"GGUF": GGUF,
}
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head)\b",
    re.IGNORECASE | re.DOTALL,
)
# What the Hub and object stores answer instead of a file, saved under the file's name.
_ERROR = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*<Error>|<Error>\s*<Code>|\{\s*\"error\"\s*:\s*\""
    rb"|Entry not found|Repository not found|Invalid (?:username or password|credentials)"
    rb"|Access to model \S+ is (?:restricted|gated)|Access denied|Bad credentials|404: Not Found"
    rb"|(?:40[134]|50[0234]) [A-Z][a-z])"
)
_HINTS = {
    POINTER: "run `git lfs pull`, or download it with `hf download`",
    XET_POINTER: "download it with `hf download`, or run `git xet checkout`",
}


def kind_of(head: bytes) -> str | None:
    """Name the kind of a file that starts with `head`, None for an ordinary one."""
    if _PICKLE.match(head):
        return PICKLE
    kind = next((kind for start, kind in _STARTS.items() if head.startswith(start)), None)
    if kind == ARCHIVE and b"data.pkl" in head:  # torch.save writes a zip around a pickle
        return PICKLE
    if head.startswith(b"\x93NUMPY") and b"'|O'" in head:  # an array of objects is pickled
        return PICKLE
    if head.startswith(b"MZ") and b"This program" in head:
        return EXECUTABLE
    return kind or (WEB_PAGE if _PAGE.match(head) else ERROR if _ERROR.match(head) else None)


def instead(kind: str, size: int) -> tuple[str, str]:
    """Say that something of this kind, `size` bytes long, is no weights or JSON; and what to do."""
    text = {
        WEB_PAGE: "is a web page (HTML), not the file: its download failed",
        ERROR: "holds a server's error message, not the file: its download failed",
        PICKLE: "is a pickle, as torch.save writes it, under another name",
    }.get(kind, f"is a {kind} of {size:,} bytes, not the file")
    return text, _HINTS.get(kind, "download or export the file again")
