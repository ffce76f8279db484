"""What tags and branches on the Hub may be called."""

import re

TAG = re.compile(r"(?!HEAD$|main$)(?!.*(?:\.\.|\.lock$|\.$))[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
BRANCH = re.compile(
    r"(?!refs/|HEAD$|[0-9a-f]{40}$)(?!.*(?:\.\.|//|\.lock(?:/|$)|[/.]$))[A-Za-z0-9][A-Za-z0-9._+/-]{0,99}"
)
