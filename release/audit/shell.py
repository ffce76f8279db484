"""Commands on a card, in code blocks and in text, and the GPU that each is for."""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from release.audit.page import Fence, Line, Page
from release.audit.places import Machine, machines
from release.audit.snippets import read_snippets

Kind = Literal["serve", "python", "install", "patch", "other"]

SHELLS = {"", "bash", "sh", "shell", "console", "zsh", "text", "shell-session", "cmd"}
MANIFESTS = {"yaml", "yml", "compose", "docker-compose"}
SERVES = re.compile(r"(?s)(?=.*\b(?:command|args|entrypoint)\s*:).*(?:vllm-openai|vllm serve)")
STARTS = re.compile(
    r"(?:[$#>]\s+)?(?:(?:sudo|uv|CUDA_VISIBLE_DEVICES=\S+|[A-Z_]+=\S+)\s+)*"
    r"(vllm\s+(?:serve|bench|chat)\b|python3?\s+-m\s+vllm|(?:docker|podman)\s+run\b|(?:python3?\s+-m\s+)?pip3?\s+install\b"
    r"|pip\s+install\b|hf\s+download\b|huggingface-cli\s+download\b|sed\s+-i\b)"
)
PROMPT = re.compile(r"^\s*[$>]\s+")
NEAR, SHORT = 12, 120  # lines above a command, and their length, in which its GPU may be named


class Shell(msgspec.Struct, frozen=True):
    """A command: its first line, its text with continued lines, the GPUs it is for.

    `manifest` is one of Compose or Kubernetes, which may hold more than the command; of the kind
    `python` is what a call of Python says, as a command.
    """

    line: int
    text: str
    kind: Kind
    machines: tuple[Machine, ...] = ()
    manifest: bool = False


def provide_shell(page: Page) -> tuple[Shell, ...]:
    """Collect the commands, in the order of the card."""
    found = [*_fenced(page), *_in_text(page.lines)]
    return tuple(sorted(found, key=lambda shell: shell.line))


def _fenced(page: Page) -> Iterator[Shell]:
    for fence in page.fences:
        if fence.language in MANIFESTS and SERVES.search(fence.text):
            yield Shell(fence.number, fence.text, "serve", _place(page, fence), manifest=True)
        for call in read_snippets(fence):
            yield Shell(call.line, call.text, "python")
        if fence.language not in SHELLS:
            continue
        numbered = list(enumerate(fence.text.split("\n"), fence.number))
        for number, text in _commands(numbered):
            if not text.startswith("#") or STARTS.match(text):  # a comment, or root's prompt
                yield Shell(number, text, _kind(text), _place(page, fence))


def _place(page: Page, fence: Fence) -> tuple[Machine, ...]:
    """The GPU that the text above names, else the innermost heading that names one."""
    above = [
        line for line in page.lines if line.number < fence.number and line.heading == fence.heading
    ]
    near = _named(above[-NEAR:])
    if near:
        return near
    for heading in reversed(fence.heading.split(" / ")):
        if found := _one(heading):
            return found
    return ()


def _in_text(lines: tuple[Line, ...]) -> Iterator[Shell]:
    numbered = [(line.number, line.text) for line in lines if not line.cells]
    for number, text in _commands(numbered):
        if STARTS.match(text):
            above = [line for line in lines if line.number < number]
            yield Shell(number, text, _kind(text), _named(above[-NEAR * 2 :]))


def _commands(numbered: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Join the lines that end in a backslash."""
    first = 0
    parts: list[str] = []
    for number, line in numbered:
        text = PROMPT.sub("", line) if not parts else line
        first = first if parts else number
        parts.append(text)
        if not text.rstrip().endswith("\\"):
            if any(part.strip() for part in parts):
                yield first, "\n".join(parts).strip()
            parts = []
    if parts:
        yield first, "\n".join(parts).rstrip("\\\n ").strip()


def _kind(text: str) -> Kind:
    if re.search(r"\bvllm\s+serve\b|api_server\b|vllm-openai", text):
        return "serve"
    if re.search(r"\bpip3?\s+install\b", text):
        return "install"
    return "patch" if re.search(r"\bsed\s+-i\b", text) else "other"


def _named(above: list[Line]) -> tuple[Machine, ...]:
    """The nearest short line that names one GPU."""
    for line in reversed(above):
        if len(line.text) <= SHORT and not line.cells and (found := _one(line.text)):
            return found
    return ()


def _one(text: str) -> tuple[Machine, ...]:
    found = {machine.kind: machine for machine in machines(text)}
    return tuple(found.values()) if len(found) == 1 else ()
