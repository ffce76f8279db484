"""A file is a pickle.

What it checks: no file is a pickle, by its name (.bin of PyTorch, .pt, .pth, .ckpt, .pkl) or by its
    first bytes, also inside the zip that torch.save writes. Nothing is unpickled to find out. What
    training left behind is F116's.
Why it matters: loading a pickle runs whatever code it holds, and a loader that finds no safetensors
    file, or is told so, takes it.
How to fix: delete it; convert weights with safetensors.
Seen in: the Hub's pickle scanner, which marks such repositories unsafe.
"""

import re

from release.checkpoint import Checkpoint
from release.checkpoint.kinds import PICKLE, POINTER
from release.facts.contents import Contents
from release.facts.leftovers import Leftovers
from release.rules import Findings, Found, Where, rule

BY_NAME = re.compile(
    r".*\.(pt|pth|ckpt|pkl|pickle|joblib)|(pytorch_model|adapter_model|model)[\w.-]*\.bin"
)


@rule(since="0.1.0")
def check(checkpoint: Checkpoint, contents: Contents, leftovers: Leftovers) -> Findings:
    """Judge each file by its bytes, then by its name."""
    for name, info in checkpoint.files.items():
        kind = contents.kinds.get(name)
        if name in leftovers or kind == POINTER or not info.size:
            continue
        if kind == PICKLE:
            message = "starts as a pickle does"
        elif BY_NAME.fullmatch(name.rpartition("/")[2]):
            message = "is named as a pickle"
        else:
            continue
        yield Found(
            where=Where(file=name),
            message=f"{message}; loading one runs the code in it",
            fix="delete it, or convert it to safetensors",
        )
