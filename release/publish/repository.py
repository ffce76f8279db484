"""What the Hub says of one repository, as it is asked for."""

import msgspec

from release.publish.others import Visibility


class Refs(msgspec.Struct, frozen=True):
    """Commits by name; there is a main branch."""

    branches: dict[str, str]
    tags: dict[str, str]


class Page(msgspec.Struct, frozen=True):
    """What a repository says of itself: who may see it, and the files of main at its head."""

    visibility: Visibility
    head: str | None
    names: frozenset[str]


class PullRequest(msgspec.Struct, frozen=True):
    """A pull request that is not closed; a draft cannot be merged yet."""

    number: int
    title: str
    draft: bool

    @property
    def ref(self) -> str:
        """The ref of its commits."""
        return f"refs/pr/{self.number}"
