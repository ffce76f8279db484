"""Variables of a pasted text: those that it sets, and the defaults that it writes for others."""

import re

SET = re.compile(
    r"""(?m)^[ \t]*(?:export[ ]+|Environment="?|ENV[ ]+|set[ ]+)?([A-Za-z_]\w*)=
    ("[^"$`\n]*"|'[^'\n]*'|[^\s;&|"'$`]+)"?(?:[ \t]*(?:;|\#[^\n]*))?[ \t]*\r?$""",
    re.VERBOSE,
)
LONGEST = 1 << 20
"""Characters that all variables of a text may bring."""
USED = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::?-([^{}]*))?\}|([A-Za-z_]\w*))")


def filled(text: str) -> str:
    """The text with its variables in their places; one that nothing sets stays as it is."""
    values = {name: value.strip("\"'") for name, value in SET.findall(text)}
    left = LONGEST

    def fill(match: re.Match[str]) -> str:
        nonlocal left
        braced, default, plain = match.groups()
        value = values.get(braced or plain, default)
        if value is None or len(value) > left:
            return match[0]
        left -= len(value)
        return str(value)

    return USED.sub(fill, text)
