"""The OpenAI client, in the Python that has vLLM: asks a server, and writes down what it says.

Reads its order as JSON from stdin: `url`, `key`, `seconds` (for each answer), `requests` (`name`,
`body`, `stream`) and `result`, the file: a list of `name`, `pieces` and `error`.
"""

import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Ask one request after the other; a refusal does not keep the next from being asked."""
    order = json.load(sys.stdin)
    import openai

    client = openai.OpenAI(
        base_url=order["url"],
        api_key=order["key"],
        timeout=order["seconds"],
        max_retries=0,
        # A proxy of the environment is for other machines.
        http_client=openai.DefaultHttpxClient(trust_env=False),
    )
    model = client.models.list().data[0]
    limit = getattr(model, "max_model_len", None)
    answers = []
    for request in order["requests"]:
        body = request["body"] | {"model": model.id}
        # Half of the context, so that no prompt of ours makes the sum too long.
        body["max_tokens"] = min(body["max_tokens"], (limit or 2 * body["max_tokens"]) // 2)
        answer = {"name": request["name"], "pieces": [], "error": None}
        try:
            answer["pieces"] = ask(client, body, stream=request["stream"])
        except Exception as error:  # noqa: BLE001 - whatever it answers with is what we tell
            answer["error"] = str(error) or type(error).__name__
        answers.append(answer)
    Path(order["result"]).write_text(json.dumps(answers), encoding="utf-8")


def ask(client: Any, body: dict[str, Any], *, stream: bool) -> list[dict[str, Any]]:
    """Give a chat completion as plain values: one, or the chunks it came in."""
    answer = client.chat.completions.create(**body, stream=stream)
    return [piece.model_dump(mode="json") for piece in (answer if stream else [answer])]


if __name__ == "__main__":
    main()
