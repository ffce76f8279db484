"""How much of each side file the facts will read: a Hub is asked for all of it at once."""

from release.checkpoint import Checkpoint
from release.checkpoint.kinds import HEAD_BYTES
from release.facts.texts import TEXT_CAP, is_text
from release.facts.tokenizer import FAST_FILE, TOKENIZER_CAP


def side_files(checkpoint: Checkpoint) -> dict[str, int]:
    """Bytes from the start of every file but weights and index: all of a text, else a few."""
    wanted = {}
    for name, info in checkpoint.files.items():
        if name.endswith((".safetensors", ".index.json")):
            continue
        cap = TOKENIZER_CAP if name == FAST_FILE else TEXT_CAP
        whole = is_text(name) and info.size <= cap
        wanted[name] = info.size if whole else min(info.size, HEAD_BYTES)
    return wanted
