"""The words of servers in manifests: Kubernetes, Compose, and lists of words."""

import re
from collections.abc import Iterator
from typing import Any

from release.memory.shell import commands

MANIFEST = re.compile(
    r"""(?m)^[ \t-]*["']?(?:args|command|entrypoint|image)["']?\s*:|\A\s*(?:[\[{]|-\s)"""
)
# An image's own entrypoint serves, where only options are given or a repository's name.
IMAGE = re.compile(r"\S*vllm\S*")
OPTIONS = re.compile(r"--.*|[\w-]+/[\w.-]+")
SERVER = "vllm-openai"
STATED = ("entrypoint", "command", "args")
MERGED = "<<"


def manifest_commands(text: str) -> Iterator[tuple[list[str], str]]:
    """Each container's words, and the container as a text of its own."""
    if not MANIFEST.search(text):
        return
    import yaml  # noqa: PLC0415 - most commands are a shell's

    try:
        for node in list(yaml.compose_all(text, yaml.SafeLoader)):
            for words, container in _containers(_plain(node, {}), set()):
                yield words, yaml.safe_dump(container, sort_keys=False)
    except (yaml.YAMLError, ValueError, RecursionError):
        return


def _plain(node: Any, known: dict[int, Any]) -> Any:
    """A document's value with every scalar as it is written: a word is a word.

    What an alias names is made once, whatever a stranger's text makes of aliases.
    """
    if id(node) in known:
        return known[id(node)]
    if isinstance(node.value, str):
        return node.value
    if node.id == "sequence":
        items = known[id(node)] = []
        items += [_plain(each, known) for each in node.value]
        return items
    pairs = known[id(node)] = {}
    for key, each in node.value:
        name, value = key.value, _plain(each, known)
        if name == MERGED:
            for base in value if isinstance(value, list) else [value]:
                pairs |= {} if not isinstance(base, dict) else base | pairs
        elif isinstance(name, str):
            pairs[name] = value
    return pairs


def _containers(value: Any, seen: set[int]) -> Iterator[tuple[list[str], Any]]:
    """Those of a manifest; one that names itself is looked at once."""
    if not isinstance(value, dict | list) or id(value) in seen:
        return
    seen.add(id(value))
    words = _stated(value) if isinstance(value, list) else _stated_by(value)
    if words:
        image = value.get("image", SERVER) if isinstance(value, dict) else SERVER
        yield _served(words, image if isinstance(image, str) else ""), value
    within = value
    if isinstance(value, dict):
        within = [each for key, each in value.items() if not (words and key in STATED)]
    for each in within:
        yield from _containers(each, seen)


def _stated_by(container: dict[Any, Any]) -> list[str]:
    stated = (_stated(container.get(key)) for key in STATED)
    return [word for words in stated for word in words]


def _served(words: list[str], image: str) -> list[str]:
    own = OPTIONS.fullmatch(words[0]) and IMAGE.fullmatch(image)
    return [SERVER, *words] if own else words


def _stated(value: Any) -> list[str]:
    if isinstance(value, str):
        return [word for words in commands(value) for word in words]
    plain = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return list(value) if plain else []
