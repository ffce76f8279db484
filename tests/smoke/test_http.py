"""The client and what is made of answers, over a real socket; the words are vLLM 0.32's own."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from release.smoke.http import Client, ServerError
from release.smoke.serve import gather

PIECES: list[dict[str, Any]] = [
    {"choices": [{"delta": {"role": "assistant", "content": ""}, "finish_reason": None}]},
    {"choices": [{"delta": {"reasoning": "Fra"}, "finish_reason": None}]},
    {"choices": [{"delta": {"reasoning_content": "nce"}, "finish_reason": None}]},
    {"choices": [{"delta": {"content": "Pa"}, "finish_reason": None}]},
    {"choices": [{"delta": {"content": "ris"}, "finish_reason": "stop"}]},
    {"choices": []},
]
CALLS: list[dict[str, Any]] = [
    {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"name": "get_weather"}}]}}]},
    {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"pla'}}]}}]},
    {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": 'ce": 1}'}}]}}]},
]
WHOLE = {
    "choices": [
        {
            "message": {
                "content": None,
                "reasoning": "so",
                "tool_calls": [{"function": {"name": "get_weather", "arguments": "{}"}}],
            },
            "finish_reason": "tool_calls",
        }
    ]
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(200 if self.path == "/health" else 404, b"")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body.get("model") == "other":
            self._answer(404, b'{"error": "no such model"}')
        elif body.get("stream"):
            events = [f"data: {json.dumps(piece)}\n\n" for piece in PIECES]
            self._answer(200, "".join([*events, "data: [DONE]\n\n"]).encode())
        else:
            self._answer(200, json.dumps(WHOLE).encode())

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def client() -> Iterator[Client]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield Client(server.server_address[1])
        server.shutdown()
        thread.join()


def test_health_is_an_answer_of_200(client: Client) -> None:
    assert client.healthy()


def test_no_server_is_not_healthy() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        port = server.server_address[1]
    assert not Client(port).healthy()


def test_a_refusal_says_what_the_server_said(client: Client) -> None:
    with pytest.raises(ServerError, match=r"404: .*no such model"):
        client.chat({"model": "other"})


def test_pieces_make_a_whole(client: Client) -> None:
    exchange = gather("stream", client.stream({"model": "tiny"}))
    assert (exchange.content, exchange.reasoning, exchange.finish) == ("Paris", "France", "stop")
    assert exchange.calls == ()


def test_a_whole_answer_with_a_call(client: Client) -> None:
    exchange = gather("tool", [client.chat({"model": "tiny"})])
    assert exchange.calls == (("get_weather", "{}"),)
    assert (exchange.content, exchange.reasoning) == ("", "so")


def test_a_call_in_pieces() -> None:
    assert gather("tool", CALLS).calls == (("get_weather", '{"place": 1}'),)
