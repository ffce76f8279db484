"""Files that training, conversion and people leave behind: no engine reads them."""

import re

import msgspec

from release.checkpoint import Checkpoint
from release.checkpoint.kinds import ARCHIVE, EXECUTABLE, GGUF
from release.facts.contents import Contents

_FOLDERS = re.compile(
    r"checkpoint-\d+|global_step\d+|wandb|mlruns|tensorboard|lightning_logs"
    r"|(pytorch_model|optimizer)_fsdp_\d+"
)
_REMAINS = re.compile(r"node_modules|__MACOSX|venv|site-packages")
_NAMES = {
    "state of a training run": re.compile(
        r"(optimizer|scheduler|scaler|rng_state|random_states)[\w.-]*\.(bin|pth?|pkl|safetensors)"
        r"|trainer_state\.json|training_args\.(bin|json)|\w+_optim_states\.pt|zero_to_fp32\.py"
        r"|latest|events\.out\.tfevents.*|.*\.distcp|(ds|deepspeed|accelerate|fsdp)_config\.\w+"
    ),
    "log or temporary file": re.compile(
        r".*\.(log|tmp|bak|orig|swp|lock|part|partial|incomplete)|nohup\.out|core\.\d+"
        r"|slurm-\d+\.(out|err)|screenlog\.\d+|Thumbs\.db|desktop\.ini"
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
        what = (
            "folder of a training run"
            if _FOLDERS.fullmatch(part)
            else "folder of installed or unpacked files"
            if _REMAINS.fullmatch(part)
            else None
        )
        if what:
            return Leftover(what, "/".join(parts[:depth]) + "/")
    return None


def _by_name(path: str) -> Leftover | None:
    name = path.rpartition("/")[2]
    what = next((what for what, pattern in _NAMES.items() if pattern.fullmatch(name)), None)
    return Leftover(what, path) if what else None
