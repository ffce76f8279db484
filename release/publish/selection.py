"""Which files of a folder belong to a release. What is not on the list is never uploaded."""

import re

import msgspec

from release.checkpoint import CONFIG_FILE, Checkpoint
from release.checkpoint.index import INDEX_FILE
from release.checkpoint.kinds import PICKLE
from release.errors import ReleaseError
from release.facts.contents import Contents, provide_contents
from release.facts.identity import CARD_FILES

RECORD_FILE = "release-manifest.json"
SIGNATURE_FILE = "model.sig"
WRITTEN = {RECORD_FILE, SIGNATURE_FILE}

_NAMES = frozenset(
    {
        *CARD_FILES,
        *(CONFIG_FILE, INDEX_FILE, "generation_config.json", "recipe.yaml"),
        *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
        *("added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "tokenizer.model"),
        *("spiece.model", "sentencepiece.bpe.model", "tekken.json", "tiktoken.model"),
        *("tokenizer.tiktoken", "chat_template.jinja", "chat_template.json"),
        *("preprocessor_config.json", "processor_config.json"),
        *("image_preprocessor_config.json", "video_preprocessor_config.json"),
    }
)
_PATTERNS = re.compile(
    r"(?:LICEN[CS]E|NOTICE|COPYING|USE_POLICY)(?:[.-][\w.-]{1,40})?(?<!\.py)"
    r"|additional_chat_templates/[\w-]{1,100}\.jinja"
)
_PICKLES = re.compile(
    r".*\.(?:pt|pth|ckpt|pkl|pickle|joblib)|(?:pytorch_model|adapter_model|model)[\w.-]*\.bin"
)


class LeftOut(msgspec.Struct, frozen=True):
    """A file that stays on this machine, and why."""

    path: str
    reason: str


class Selection(msgspec.Struct, frozen=True):
    """The files of a release by path, and the others."""

    paths: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def select_files(checkpoint: Checkpoint, extra: tuple[str, ...]) -> Selection:
    """Sort a folder's files into a release and the rest; `extra` are the manifest's by exact name.

    Raises `ReleaseError` when one of `extra` is not there, or is a pickle.
    """
    contents = provide_contents(checkpoint)
    for path in extra:
        if path in {*WRITTEN, ".gitattributes"}:
            what = f"extra-files names {path!r}, which a push or the Hub writes itself"
            raise ReleaseError(what, where="release.toml")
        if path not in checkpoint.files:
            what = f"extra-files names {path!r}, which is not in the checkpoint"
            raise ReleaseError(what, where="release.toml")
        if _is_pickle(path, contents):
            what = f"extra-files names {path!r}, which is a pickle: it is never published"
            raise ReleaseError(what, where="release.toml")
    wanted: list[str] = []
    left_out: list[LeftOut] = []
    for path in sorted(checkpoint.files):
        reason = None if path in extra else _why_not(path, checkpoint, contents)
        if reason is None:
            wanted.append(path)
        else:
            left_out.append(LeftOut(path, reason))
    left_out += (LeftOut(defect.file, defect.what) for defect in checkpoint.source.refused)
    return Selection(tuple(wanted), tuple(left_out))


def _why_not(path: str, checkpoint: Checkpoint, contents: Contents) -> str | None:
    """Say why a file does not belong to a release, None if it does."""
    if _is_pickle(path, contents):
        return "a pickle is never published"
    if path in checkpoint.loaded or path in _NAMES or _PATTERNS.fullmatch(path):
        return None
    if path in WRITTEN:
        return "of an earlier release: a push writes its own"
    if path.endswith(".safetensors"):
        return "no loader reads it" if checkpoint.index is None else "the index does not name it"
    return "no known file of a release: name it in extra-files to publish it"


def _is_pickle(path: str, contents: Contents) -> bool:
    named = _PICKLES.fullmatch(path.rpartition("/")[2]) is not None
    return named or contents.kinds.get(path) == PICKLE
