"""Numbers that are spelt out."""

import re

SMALL = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
VALUES = dict(zip(SMALL, range(2, 20), strict=True)) | {"one": 1, "": 0}
VALUES |= dict(zip(TENS, range(20, 100, 10), strict=True))
SPELT = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(TENS)})(?:[- ](?P<one>one|{'|'.join(SMALL[:8])}))?"
    rf"|(?P<small>{'|'.join(SMALL)}))\b",
    re.IGNORECASE,
)


def in_digits(text: str) -> str:
    """Numbers from two to ninety-nine as digits: `Sixteen`, `sixty-four`; one is an article."""
    return SPELT.sub(lambda match: str(sum(map(_value, match.groups()))), text)


def _value(word: str | None) -> int:
    return VALUES[(word or "").lower()]
