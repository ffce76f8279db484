"""Characters of a card that its page does not show, and digits of other scripts."""

import re
import unicodedata

# Of no width, or an order of their own: what is read here is not what stands in the file.
ZERO = "\u00ad\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff"
ORDER = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
UNSEEN = re.compile(f"[{ZERO}{ORDER}\u200e\u200f\u202c\u2069]")
# Joiners belong into emoji and into Persian: between these they only hide.
SPLIT = re.compile(rf"[!-~][{ZERO}]+(?=[!-~])")
TURNED = re.compile(f"[{ORDER}]")
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
OVERRIDES = "\u202d\u202e"
DIGIT = re.compile(r"(?![0-9])\d")


def seen(text: str) -> str:
    """The text without what is not shown, its digits as those of ASCII."""
    return DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), UNSEEN.sub("", text))


def hidden(line: str) -> str | None:
    """The name of a character that splits a word or turns it around; None where there is none."""
    split = SPLIT.search(line)
    if split:
        return _name(split[0][1])
    for match in TURNED.finditer(line):
        if match[0] in OVERRIDES or not RIGHT_TO_LEFT.search(line):
            return _name(match[0])
    return None


def _name(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, '').lower()}".strip()
