"""A file as the Hub lists it. Apart, so that nothing loads the client to speak of one."""

import msgspec


class RemoteFile(msgspec.Struct, frozen=True):
    """Size in bytes, git's name of its blob; `sha256` (hex) in large file storage, else None."""

    size: int
    git_sha1: str
    sha256: str | None = None
