"""What the tests ask the Hub with, and read off its answers."""

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from release.demo.hub import HubServer
from tests.demo.conftest import REPO


def status(caught: pytest.ExceptionInfo[HfHubHTTPError]) -> int:
    return caught.value.response.status_code


def head(api: HfApi) -> str:
    oid: str = api.list_repo_refs(REPO).branches[0].target_commit
    return oid


def client(server: HubServer, token: str) -> HfApi:
    return HfApi(endpoint=server.endpoint, token=token)
