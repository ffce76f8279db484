"""The words of `vllm serve` commands in what people paste: a shell's, a container's, a unit's."""

import ast
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise

import msgspec

from release.errors import ReleaseError
from release.memory.manifests import manifest_commands
from release.memory.named import IMAGES
from release.memory.shell import commands
from release.memory.variables import filled

# A module or an image that serves; with another entrypoint `serve` is its first word.
SERVERS = re.compile(rf"vllm\.entrypoints\.\S*(?:api_server|main)|\S*{IMAGES}(?:[:@]\S*)?")
SERVE = re.compile(r"(?:\S*[/=!])?vllm serve")
INNER = re.compile(r"\bvllm\s+serve\s")
SUBSTITUTED = re.compile(r"(?:\w+=)?\$\((.*)\)", re.DOTALL)
COMMENT = re.compile(r"(?m)^[ \t]*#(?!!|SBATCH|PBS)[^\n]*$")
ARRAY = re.compile(r"\[[^\[\]]*\]")
COMPOSE_RUN = re.compile(r"(?:.* )?docker[ -]compose (?:.* )?run")
# Options of `compose run` that take a value.
VALUED = frozenset({"-e", "--env", "-v", "--volume", "-p", "--publish", "-u", "--name", "-w"})
SETS = re.compile(r"(?:export|set|\$env:\w+=?|[A-Za-z_]\w*=.*)")
KSERVE = re.compile(r"--model[_-](?:id|name)\b")
OTHERS = re.compile(r"\bvllm (?:bench \w+|chat|complete|run-batch|collect-env)|\bLLM\(")
QUADLET = {key: re.compile(rf"(?m)^{key}=((?:.*\\\n)*.*)$") for key in ("Image", "Exec")}
DASHES = "\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"
CURLY = re.compile("[\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}]")


class Pasted(msgspec.Struct, frozen=True):
    """The words behind `vllm serve`, and the text that they are of with what is set for them."""

    words: list[str]
    text: str


def served(text: str) -> tuple[Pasted, ...]:
    """Find each command that serves, in its order.

    Raises `ReleaseError` where there is none, or quotes do not close.
    """
    text = filled(text)
    for read in (manifest_commands, _arrays, _quadlet, _shell):
        every = [each for words, around in read(text) for each in _servers(words, around, text)]
        if len(every) == 1 and read is not manifest_commands:
            return (Pasted(every[0].words, COMMENT.sub("", text)),)
        if every:
            return tuple(every)
    if other := OTHERS.search(text):
        what = f"{other[0]} of Python" if other[0].endswith("(") else f"`{other[0]}`"
        what = f"{what} is not judged: only `vllm serve` is"
        raise ReleaseError(what, hint="defaults and what else it takes differ")
    raise ReleaseError("the command is not `vllm serve ...`", hint="paste all of it, quoted")


def served_words(text: str) -> list[str]:
    """The words of the first command that serves. Raises `ReleaseError`."""
    return served(text)[0].words


def _servers(words: list[str], around: str, text: str) -> Iterator[Pasted]:
    """What serves in one command: it, or those of a shell that it starts, as in bash -c '...'."""
    words = [word for word in words if word.strip()]
    inner = next((word for word in words if INNER.search(word)), "")
    if substituted := SUBSTITUTED.fullmatch(inner):
        inner = substituted[1]
    if inner and inner.strip() != text.strip():
        for each in served(inner.rstrip(",")):
            yield Pasted(each.words, f"{around}\n{each.text}")
        return
    given = _given(words)
    if given is not None:
        yield Pasted(_typed(given), around)


def _given(words: list[str]) -> list[str] | None:
    """The words behind what serves; None where nothing does, as in docker pull."""
    pairs = [" ".join(pair) for pair in pairwise(words)]
    begins = [
        *(i + 1 for i, pair in enumerate(pairs) if SERVE.fullmatch(pair)),
        *(i for i, word in enumerate(words) if SERVERS.fullmatch(word)),
    ]
    if not begins:
        return _composed(words)
    named = words[begins[0] + 1 : begins[0] + 2] == ["serve"]
    given = words[begins[0] + 1 + named :]
    runs = bool(given) or words[begins[0]] == "serve" or "run" in words
    return given if runs else None


def _composed(words: list[str]) -> list[str] | None:
    """The words of `docker compose run SERVICE --model ...`."""
    at = next((i for i, word in enumerate(words) if word == "run"), 0)
    if not COMPOSE_RUN.fullmatch(" ".join(words[: at + 1])):
        return None
    rest = words[at + 1 :]
    while rest and rest[0].startswith("-"):
        rest = rest[2 if rest[0] in VALUED else 1 :]
    return rest[1:] if any(word.partition("=")[0] == "--model" for word in rest) else None


def _typed(words: list[str]) -> list[str]:
    """The words, without what a text program made of a keyboard's hyphens and quotes."""
    for word in words:
        if KSERVE.match(word):
            what = f"{word!r:.60} is an option of KServe's own server, which is not judged"
            raise ReleaseError(what, hint="paste the `vllm serve` it stands for")
        if word[0] in DASHES:
            what = f"{word!r:.60} begins with a dash that is no hyphen: vLLM takes it for a model"
            raise ReleaseError(what, hint="write -- before the option")
        if CURLY.search(word):
            what = f"{word!r:.60} has curly quotes, which a shell takes for letters"
            raise ReleaseError(what, hint="write straight ones")
    return words


def _shell(text: str) -> Iterator[tuple[list[str], str]]:
    """A shell's commands, each with what the lines before it set."""
    before = ""
    # All are read before the first is looked at: a quote that does not close is a fault of all.
    for words in list(commands(text)):
        line = shlex.join(words)
        yield words, before + line
        if words and SETS.fullmatch(words[0]):
            before += f"{line}\n"


def _arrays(text: str) -> Iterator[tuple[list[str], str]]:
    """The lists of strings of a text, as Python, JSON and Dockerfiles write them."""
    arrays = [_array(match[0]) for match in ARRAY.finditer(text)]
    if any("vllm" in word for array in arrays for word in array[:4]):
        yield [word for array in arrays for word in array], text


def _quadlet(text: str) -> Iterator[tuple[list[str], str]]:
    """A unit of Podman's: its image, and what that is given."""
    image, given = (QUADLET[key].search(text) for key in ("Image", "Exec"))
    if image is not None and given is not None:
        yield from ((words, text) for words in commands(f"{image[1]} {given[1]}"))


def _array(text: str) -> list[str]:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else []
