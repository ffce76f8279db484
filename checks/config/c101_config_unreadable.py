"""config.json cannot be read, or only by a lenient reader.

What it checks: config.json is there and is one JSON object in UTF-8 without byte order mark;
    it holds no key twice, and no NaN or Infinity.
Why it matters: every engine starts here. Duplicate keys and NaN pass Python's parser, which keeps
    the last value in silence, and fail in strict ones, the Hub's among them.
How to fix: write config.json again with `save_pretrained`; replace NaN and Infinity by null.
Seen in: repositories whose config was edited by hand, for which the Hub shows "invalid JSON".
"""

from release.checkpoint import CONFIG_FILE, Checkpoint
from release.errors import Fault
from release.rules import Findings, Found, Where, rule

PLACE = Where(file=CONFIG_FILE)


@rule(since="0.1.0")
def check(checkpoint: Checkpoint) -> Findings:
    """Judge what the reader kept about config.json."""
    defects = [defect for defect in checkpoint.defects if defect.file == CONFIG_FILE]
    if CONFIG_FILE not in checkpoint.files and not defects:
        yield Found(PLACE, "there is no config.json", "copy it from the model that was quantized")
    for defect in defects:
        if defect.fault not in {Fault.SYMLINK, Fault.NOT_WEIGHTS}:
            yield Found(PLACE, defect.what, defect.hint or "write config.json again")
    if checkpoint.config is None:
        return
    for key in dict.fromkeys(checkpoint.config.duplicates):
        yield Found(
            where=Where(file=CONFIG_FILE, path=key),
            message=f"key {key!r} is there twice; readers keep one or refuse",
            fix="remove one of the two",
            severity="warning",
        )
    for constant in dict.fromkeys(checkpoint.config.constants):
        yield Found(
            where=PLACE,
            message=f"holds {constant}, which is not JSON; strict readers refuse the file",
            fix="write null, or a number",
            severity="warning",
        )
