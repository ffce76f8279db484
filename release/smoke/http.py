"""An OpenAI-compatible server on this machine, spoken to over plain HTTP."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

HOST = "127.0.0.1"
SECONDS = 600.0
OK = 200
EVENT, LAST = "data: ", "[DONE]"


class ServerError(Exception):
    """The server refused a request, or went away; the text is its own."""


class Client:
    """One server by its port."""

    def __init__(self, port: int) -> None:
        self.port = port

    def healthy(self) -> bool:
        """Whether /health says yes; no answer at all is a no."""
        try:
            self.get("/health")
        except (OSError, ServerError, http.client.HTTPException):
            return False
        return True

    def get(self, path: str) -> str:
        """Give a page. Raises `ServerError` and `OSError`."""
        return "".join(self._lines("GET", path, None, 10.0))

    def chat(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ask for one chat completion, and give the whole answer. Raises `ServerError`."""
        text = "".join(self._lines("POST", "/v1/chat/completions", body, SECONDS))
        answer = json.loads(text)
        return answer if isinstance(answer, dict) else {}

    def stream(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Ask for one chat completion in pieces, and give them. Raises `ServerError`."""
        lines = self._lines("POST", "/v1/chat/completions", body | {"stream": True}, SECONDS)
        events = (line.removeprefix(EVENT).strip() for line in lines if line.startswith(EVENT))
        return [json.loads(event) for event in events if event != LAST]

    def _lines(
        self, method: str, path: str, body: dict[str, Any] | None, seconds: float
    ) -> Iterator[str]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=seconds)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status != OK:
                text = response.read().decode(errors="replace")
                raise ServerError(f"{path} answers {response.status}: {text[:300]}")
            for line in response:
                yield line.decode(errors="replace")
        finally:
            connection.close()
