"""A file or folder of the checkpoint cannot be read.

What it checks: every entry of the folder is a regular file that this user may read. A broken
    config.json is C101's.
Why it matters: what could not be read was not verified, and an upload fails or hangs on it.
How to fix: correct the owner or the rights; remove pipes, sockets and devices.
Seen in: exports written by root in a container, with mode 0600.
"""

from release.checkpoint import CONFIG_FILE
from release.facts.contents import Contents
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(contents: Contents) -> Findings:
    """Report what the reader could not open, each file once."""
    found = {error.file: error for error in contents.unreadable}
    for file, error in found.items():
        if file != CONFIG_FILE:
            yield Found(Where(file=file), error.what, error.hint or "check the file and its rights")
