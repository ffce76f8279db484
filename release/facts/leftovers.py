"""Files that training, conversion and people leave behind: no engine reads them."""

import re

import msgspec

from release.checkpoint import Checkpoint
from release.checkpoint.kinds import ARCHIVE, EXECUTABLE, GGUF
from release.facts.contents import Contents

_FOLDERS = re.compile(r"checkpoint-\d+|global_step\d+|wandb|mlruns|tensorboard")
_NAMES = {
    "state of a training run": re.compile(
        r"(optimizer|scheduler|scaler|rng_state|random_states)[\w.-]*\.(bin|pth?|pkl|safetensors)"
        r"|trainer_state\.json|training_args\.(bin|json)|\w+_optim_states\.pt|zero_to_fp32\.py"
        r"|latest|events\.out\.tfevents.*"
    ),
    "log or temporary file": re.compile(
        r".*\.(log|tmp|bak|orig|swp|lock|part|partial|incomplete)|nohup\.out"
    ),
    "model in another format": re.compile(r".*\.(gguf|onnx|onnx_data|h5|msgpack|tflite|mlmodel)"),
    "archive": re.compile(r".*\.(zip|tar|tgz|gz|bz2|xz|zst|7z|rar)"),
    "executable": re.compile(r".*\.(exe|dll|so|dylib)"),
}
_KINDS = {ARCHIVE: "archive", EXECUTABLE: "executable", GGUF: "model in another format"}


class Leftover(msgspec.Struct, frozen=True):
    """What a file is, and the place to name: itself, or the folder that is left over as a whole."""

    what: str
    place: str


Leftovers = dict[str, Leftover]


def provide_leftovers(checkpoint: Checkpoint, contents: Contents) -> Leftovers:
    """Recognise each leftover by its folder, its name or its first bytes."""
    found: Leftovers = {}
    for path in checkpoint.files:
        leftover = _by_folder(path) or _by_name(path)
        kind = _KINDS.get(contents.kinds.get(path, ""))
        if leftover is None and kind is not None:
            leftover = Leftover(kind, path)
        if leftover is not None:
            found[path] = leftover
    return found


def _by_folder(path: str) -> Leftover | None:
    parts = path.split("/")[:-1]
    for depth, part in enumerate(parts, start=1):
        if _FOLDERS.fullmatch(part):
            return Leftover("folder of a training run", "/".join(parts[:depth]) + "/")
    return None


def _by_name(path: str) -> Leftover | None:
    name = path.rpartition("/")[2]
    what = next((what for what, pattern in _NAMES.items() if pattern.fullmatch(name)), None)
    return Leftover(what, path) if what else None
