"""What we do not know is a value: not None, not zero, not an exception."""

import msgspec


class Unknown(msgspec.Struct, frozen=True):
    """Something that was not determined, and the reason to print beside it."""

    reason: str
