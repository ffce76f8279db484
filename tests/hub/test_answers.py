"""What the client gets to see of answers that are odd, and legal."""

import json

import pytest
from huggingface_hub.utils import httpx

from release.errors import ReleaseError
from release.hub.answers import Limits
from release.hub.refusals import one_line

LIST = "https://hub.test/api/models/a/b/tree/main?recursive=true"


def answered(status: int = 200, content: bytes = b"[]", **headers: str) -> httpx.Response:
    transport = httpx.MockTransport(
        lambda _: httpx.Response(status, headers=headers, content=content)
    )
    with httpx.Client(transport=transport, event_hooks={"response": [Limits(9)]}) as client:
        return client.get(LIST)


@pytest.mark.parametrize("said", ["/api/next?cursor=1", "https://hub.test/api/next?cursor=1"])
def test_the_address_of_a_next_page_is_whole(said: str) -> None:
    found = answered(link=f'<{said}>; rel="next", <?cursor=0>; rel="first"')
    assert found.links["next"]["url"] == "https://hub.test/api/next?cursor=1"
    assert found.links["first"]["url"] == "https://hub.test/api/models/a/b/tree/main?cursor=0"


def test_an_error_that_is_no_text_keeps_its_status() -> None:
    found = answered(403, "Verboten für Sie".encode("latin-1"))
    assert (found.status_code, found.text) == (403, "Verboten f\N{REPLACEMENT CHARACTER}r Sie")


def test_a_web_page_in_place_of_an_answer_is_no_broken_connection() -> None:
    found = answered(content=b"<html>log in</html>")
    with (
        pytest.raises(ReleaseError, match="the answer is no JSON, as of a proxy's"),
        one_line("a/b"),
    ):
        json.loads(found.content)
