"""What release.toml and the last report say that a card must agree with."""

import msgspec

from release.unknown import Unknown

NO_MANIFEST = "there is no release.toml"


class Published(msgspec.Struct, frozen=True):
    """The repository that the card is for, its licence, and the model it was made from."""

    repo: str
    license: str
    base: str


class Rendered(msgspec.Struct, frozen=True):
    """Whether the seal of a card holds, and what it would be if it were rendered now.

    `text` is None where that cannot be done, and `why` the reason; "" for a card that is not ours.
    """

    sealed: bool
    text: str | None
    why: str = ""


def provide_published() -> Published | Unknown:
    """Nothing, unless a release.toml was given."""
    return Unknown(NO_MANIFEST)


def provide_rendered() -> Rendered:
    """No seal to hold, unless the card is one of ours."""
    return Rendered(sealed=True, text=None)
