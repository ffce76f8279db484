"""The OpenAI client against a server of our own; the words are vLLM 0.32's."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from release.smoke.engine import child_environment
from release.smoke.http import get_page
from release.smoke.serve import Service, read_cache
from release.smoke.talk import Talk, gather, talk
from tests.conftest import ROOT, VLLM_PYTHON

RECORDED = ROOT / "tests" / "golden" / "smoke" / "h100-serve.json"
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
CALL = {"id": "1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
MESSAGE = {"role": "assistant", "content": None, "reasoning": "so", "tool_calls": [CALL]}
WHOLE = {"choices": [{"index": 0, "message": MESSAGE, "finish_reason": "tool_calls"}]}
MODELS = {"object": "list", "data": [{"id": "acme/tiny", "object": "model", "max_model_len": 512}]}


class Handler(BaseHTTPRequestHandler):
    """Refuses images, other models, and more than half of the context."""

    def do_GET(self) -> None:
        pages = {"/health": b"", "/v1/models": json.dumps(MODELS).encode()}
        self._answer(200 if self.path in pages else 404, pages.get(self.path, b""))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = body["model"] == "acme/tiny" and body["max_tokens"] == 256
        if not known or self.headers["Authorization"] != "Bearer key" or "image" in str(body):
            self._answer(400, b'{"error": {"message": "no such thing"}}')
        elif body.get("stream"):
            events = [f"data: {json.dumps(piece)}\n\n" for piece in PIECES]
            self._answer(200, "".join([*events, "data: [DONE]\n\n"]).encode())
        else:
            self._answer(200, json.dumps(WHOLE).encode())

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        kind = "text/event-stream" if content.startswith(b"data") else "application/json"
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def ask(port: int, folder: Path, key: str = "key", seconds: float = 60.0) -> Talk:
    url = f"http://127.0.0.1:{port}/v1"
    log = folder / "client.log"
    return Talk(VLLM_PYTHON, url, key, log, seconds, 2048, "chat", tools=True, image=True)


def test_a_page_or_nothing(port: int) -> None:
    assert get_page(port, "/health") is not None
    assert get_page(port, "/metrics") is None


def test_no_server_gives_no_page() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gone = server.server_address[1]
    assert get_page(gone, "/health") is None


@pytest.mark.vllm
def test_each_exchange_comes_back(port: int, tmp_path: Path) -> None:
    # A proxy that does not exist: what is on this machine is not asked through one.
    environment = child_environment() | {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    chat, stream, tool, image = talk(ask(port, tmp_path), environment)
    assert (chat.name, chat.reasoning, chat.content) == ("chat", "so", "")
    assert (stream.content, stream.reasoning, stream.finish) == ("Paris", "France", "stop")
    assert tool.calls == (("get_weather", "{}"),)
    assert image.error is not None
    assert "no such thing" in image.error


@pytest.mark.vllm
def test_a_client_that_fails_says_why(port: int, tmp_path: Path) -> None:
    other = ask(port + 1, tmp_path)
    (exchange,) = talk(other, child_environment())
    assert exchange.error is not None
    assert "Connection refused" in exchange.error


def test_what_vllm_0_24_said_on_an_h100() -> None:
    said = json.loads(RECORDED.read_text())
    whole, stream = gather("chat", [said["chat"]]), gather("stream", said["stream"])
    assert whole.reasoning == stream.reasoning != ""
    assert (whole.content, whole.finish, stream.finish) == ("", "length", "length")
    assert gather("tool", [said["required"]]).calls == ()
    cache = read_cache(said["metrics"])
    # 1 GiB for the cache, as it was told.
    assert (cache["num_gpu_blocks"], cache["block_size"]) == ("131072", "16")


def test_a_whole_answer_with_a_call() -> None:
    exchange = gather("tool", [WHOLE])
    assert exchange.calls == (("get_weather", "{}"),)
    assert (exchange.content, exchange.reasoning) == ("", "so")


def test_a_call_in_pieces() -> None:
    assert gather("tool", CALLS).calls == (("get_weather", '{"place": 1}'),)


@pytest.mark.parametrize("value", [None, 3, "x", [], {}, [None], [{"function": 3}], {"a": []}])
@pytest.mark.parametrize("key", ["choices", "message", "delta", "content", "tool_calls", "index"])
def test_a_server_may_answer_anything(key: str, value: object) -> None:
    call: dict[str, Any] = {"index": 0, "function": {"name": "get_weather", "arguments": "{}"}}
    message: dict[str, Any] = {"content": "Paris", "reasoning": "so", "tool_calls": [call]}
    for change in (call, message):
        if key in change:
            change[key] = value
    choice = {"message": message, "finish_reason": "stop"}
    piece: dict[str, Any] = {"choices": [choice if key != "message" else {"message": value}]}
    if key in {"choices", "delta"}:
        piece = {"choices": value} if key == "choices" else {"choices": [{"delta": value}]}
    exchange = gather("chat", [piece])
    assert isinstance(exchange.content, str)


def test_the_card_s_command_is_run_whole_and_where_it_listens_is_ours(tmp_path: Path) -> None:
    argv = ("acme/tiny", "--port", "8000", "--host=0.0.0.0", "--max-model-len", "512")
    service = Service(VLLM_PYTHON, tmp_path, argv, tmp_path / "log", 1.0, 8, "chat")
    command = [str(word) for word in service.command(1234)]
    assert command[4:] == [
        *(str(tmp_path), *argv[1:]),
        *("--served-model-name", "acme/tiny", "--host", "127.0.0.1", "--port", "1234"),
    ]


def test_a_name_that_the_card_gives_is_kept(tmp_path: Path) -> None:
    argv = ("acme/tiny", "--served-model-name", "tiny")
    service = Service(VLLM_PYTHON, tmp_path, argv, tmp_path / "log", 1.0, 8, "chat")
    assert [str(word) for word in service.command(1)].count("--served-model-name") == 1
