"""The tool as a user runs it, `python -m release`, without its imports being paid at every start.

Only where a start is not the point: what is killed or interrupted, what counts imports or memory,
and what is seen of a terminal's side runs in a Python of its own (`COLD`).
"""

import atexit
import contextlib
import functools
import os
import sys
import tempfile
from pathlib import Path

from tests.warm import warm_python

ROOT = Path(__file__).parent.parent.parent
COLD = [sys.executable, "-m", "release"]

# huggingface_hub reads the environment when it is imported: it is imported by every run, and so
# are the rooms that import it.
LATER = ("card", "demo", "doctor", "hub", "proposal", "publish")
BELOW = ("click.shell_completion", "httpx", "jinja2", "numpy", "rich.progress", "tqdm.auto", "yaml")


@functools.cache
def warm() -> list[str]:
    """Start the warm Python, once; it ends with this process. Give the command."""
    open_until_the_end = contextlib.ExitStack()
    atexit.register(open_until_the_end.close)
    folder = Path(open_until_the_end.enter_context(tempfile.TemporaryDirectory(prefix="warm-")))
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    program = open_until_the_end.enter_context(
        warm_python(folder, Path(sys.executable), [*BELOW, *_rooms()], environment)
    )
    return [str(program), "-m", "release"]


def _rooms() -> list[str]:
    """Name every module of the tool that huggingface_hub is not needed for."""
    root = ROOT / "release"
    places = (path.relative_to(root.parent).with_suffix("") for path in root.rglob("*.py"))
    names = (
        ".".join(place.parts).removesuffix(".__init__")
        for place in places
        if place.parts[1] not in LATER and "inside" not in place.parts
    )
    return sorted(name for name in names if not name.endswith("__main__"))
