"""All repositories of a server. Pure data: nothing here knows of HTTP but the refusals."""

import re
import threading

from release.demo.hub.objects import Objects
from release.demo.hub.repo import Repo, Visibility
from release.demo.hub.tree import ATTRIBUTES, first_attributes, regular
from release.demo.hub.wire import bad_request

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}")


class Store:
    """Repositories by id (`namespace/name`), and the contents they share."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._lock = threading.Lock()
        self._repos: dict[str, Repo] = {}

    def __contains__(self, repo_id: str) -> bool:
        """Whether a repository exists."""
        with self._lock:
            return repo_id in self._repos

    def get(self, repo_id: str) -> Repo | None:
        """Return a repository, or None."""
        with self._lock:
            return self._repos.get(repo_id)

    def create(self, repo_id: str, author: str, visibility: Visibility) -> Repo | None:
        """Make a repository with its first commit; None if it exists. Raises HubError 400."""
        name = repo_id.partition("/")[2]
        if not _NAME.fullmatch(name) or ".." in name or "--" in name or name.endswith(".git"):
            raise bad_request(f"Invalid repo name: {repo_id}")
        repo = Repo(repo_id, author, visibility)
        attributes = first_attributes()
        repo.start({ATTRIBUTES: regular(attributes, self.objects.add(attributes))})
        with self._lock:
            if repo_id in self._repos:
                return None
            self._repos[repo_id] = repo
        return repo
