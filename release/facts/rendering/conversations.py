"""The conversations that every chat template is asked to render."""

from typing import Any

QUESTION, ANSWER, RULES = "What weighs 7 kg?", "A bowling ball.", "Answer in one line."
THOUGHT = "Think of round things."
PLACE = "Oslo"
MOMENT = "2026-01-01"  # every date that a template asks for

_ASK = {"role": "user", "content": QUESTION}
_REPLY = {"role": "assistant", "content": ANSWER}
_CALL = {"name": "weather", "arguments": {"place": PLACE}}
_TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Say the weather at a place.",
        "parameters": {
            "type": "object",
            "properties": {"place": {"type": "string", "description": "a town"}},
            "required": ["place"],
        },
    },
}

CONVERSATIONS: dict[str, dict[str, Any]] = {
    "prompt": {"messages": [_ASK], "add_generation_prompt": True},
    "question": {"messages": [_ASK], "add_generation_prompt": False},
    "parts": {
        "messages": [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}],
        "add_generation_prompt": True,
    },
    "conversation": {"messages": [_ASK, _REPLY, _ASK], "add_generation_prompt": True},
    "system": {
        "messages": [{"role": "system", "content": RULES}, _ASK],
        "add_generation_prompt": True,
    },
    "tools": {
        "messages": [
            _ASK,
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "call00001", "type": "function", "function": _CALL}],
            },
            {"role": "tool", "name": "weather", "tool_call_id": "call00001", "content": ANSWER},
        ],
        "tools": [_TOOL],
        "add_generation_prompt": True,
    },
    "thinking": {
        "messages": [_ASK, _REPLY | {"reasoning_content": THOUGHT}, _ASK],
        "enable_thinking": True,
        "add_generation_prompt": True,
    },
}
