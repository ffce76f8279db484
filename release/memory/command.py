"""`vllm serve` commands as people paste and copy them."""

import difflib
import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from release.errors import ReleaseError
from release.memory.options import (
    ALIASES,
    AUTO,
    TABLE,
    Options,
    read_option,
    speculative,
)

DATA = Path(__file__).with_name("serve_options.txt")

# They change how memory is used in ways that are not modelled.
UNMODELLED = frozenset(
    {
        *("--decode-context-parallel-size", "--prefill-context-parallel-size", "-dcp", "-pcp"),
        *("--data-parallel-size", "-dp", "--cpu-offload-gb", "--offload-group-size"),
        *("--enable-lora", "--kv-transfer-config", "--kv-offloading-size", "--use-replayssm"),
        *("--kv-cache-dtype-skip-layers", "--disable-sliding-window", "--mamba-cache-mode"),
        *("--hf-overrides", "--performance-mode", "--config", "--spec-method", "--spec-model"),
        *("--quantization", "-q", "--dtype", "--quantization-config"),
        *("--mm-encoder-only", "--mm-ipc-gpu-memory-gb", "--runner", "--enable-dbo"),
    }
)
# Values with which an option changes nothing.
HARMLESS = {
    "--data-parallel-size": {"1"},
    "-dp": {"1"},
    "--decode-context-parallel-size": {"1"},
    "--cpu-offload-gb": {"0"},
    "--performance-mode": {"balanced"},
    "--runner": {"auto", "generate"},
    "--mamba-cache-mode": {"auto"},
    "--quantization": {"compressed-tensors"},
    "-q": {"compressed-tensors"},
    "--dtype": {"auto", "bfloat16", "float16", "half"},
}
# They change what CUDA graphs take, which is an estimate anyway.
GRAPHS = frozenset(
    {"-O", "--optimization-level", "-cc", "--compilation-config", "--cudagraph-capture-sizes"}
    | {"--max-cudagraph-capture-size"}
)
SECRETS = frozenset({"--api-key", "--hf-token"})
HIDDEN = "***"
RENAMED = {"--device-memory-utilization": "--gpu-memory-utilization", **ALIASES}
LIMITS, DRAFT = "--limit-mm-per-prompt", "--speculative-config"
ENDS = re.compile(r"&&|\|\|?|[;&]|\d?>.*")
# A module or an image that serves; with another entrypoint `serve` is its first word.
SERVERS = re.compile(r"vllm\.entrypoints\.\S*(?:api_server|main)|\S*vllm-openai(?:[:@]\S*)?")
SERVE = re.compile(r"(?:\S*/)?vllm serve")
INNER = re.compile(r"\bvllm\s+serve\s")
LEVEL = re.compile(r"-O(?=\d$)|-cc(?=\.)")
CONTINUED = re.compile(r"\\\r?\n")
NEGATIVE = re.compile(r"-\d[\d.]*")
LIKENESS = 0.88


class Command(msgspec.Struct, frozen=True):
    """A `vllm serve` command: the model, what counts for memory, and all else.

    `rest` are the words of options that do not count, in their order; `ignored` their names;
    `unmodelled` those that count and are not modelled; `unknown` those that vLLM 0.32 has not;
    `shortened` what is written for a longer option.
    """

    model: str | None
    options: Options
    rest: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    unmodelled: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    shortened: tuple[tuple[str, str], ...] = ()


@cache
def serve_options() -> dict[str, int]:
    """Every option of vLLM 0.32.0's `serve`, and how many values it takes at most."""
    many = {"": 0, "...": 1 << 20}
    lines = DATA.read_text(encoding="utf-8").splitlines()
    return {name: many.get(value, 1) for name, _, value in (line.partition(" ") for line in lines)}


def parse_command(text: str) -> Command:
    """Read a pasted command; line ends that are escaped are fine.

    Raises `ReleaseError` where it is no `vllm serve`, or a value cannot be read.
    """
    try:
        words = shlex.split(CONTINUED.sub("", text), comments=True)
    except ValueError as error:
        raise ReleaseError(
            f"the command cannot be read: {error}", hint="check its quotes"
        ) from None
    words = [word for word in words if word.strip()]
    inner = next((word for word in words if INNER.search(word)), None)
    if inner is not None:  # as in bash -c '...'
        return parse_command(inner)
    begins = [
        *(i for i, pair in enumerate(pairwise(words)) if SERVE.fullmatch(" ".join(pair))),
        *(i for i, word in enumerate(words) if SERVERS.fullmatch(word)),
    ]
    if not begins:
        raise ReleaseError("the command is not `vllm serve ...`", hint="paste all of it, quoted")
    named = words[begins[0] + 1 : begins[0] + 2] == ["serve"]
    return _read(list(_until_the_end(words[begins[0] + 1 + named :])))


def _until_the_end(words: list[str]) -> Iterator[str]:
    for word in words:
        if ENDS.fullmatch(word):
            return
        if word[0] in "\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}":
            what = f"{word!r:.60} begins with a dash that is no hyphen: vLLM takes it for a model"
            raise ReleaseError(what, hint="write -- before the option")
        if word.endswith(";"):
            yield word[:-1]
            return
        yield word


def _read(words: list[str]) -> Command:
    reader = _Reader()
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            if reader.named:
                what = f"{word!r:.60} is no option, nor the value of one: vLLM stops there"
                raise ReleaseError(what, hint="an option that is a switch takes no value")
            reader.named = True
            reader.models.append(word)
            continue
        written, equals, attached = word.partition("=")
        name, switched = _resolve(written)
        if equals and serve_options().get(name) == 0:
            raise ReleaseError("is a switch, and takes no value", where=written)
        if name != written.replace("_", "-") and name.startswith(written.replace("_", "-")):
            reader.shortened.append((written, name))
        values = [attached] if equals else _values(words)
        used = reader.take(name, values, switched=switched)
        kept = [] if equals else words[:used]
        if name in SECRETS:
            reader.rest += [written, HIDDEN]
        elif name.partition(".")[0] not in {*TABLE, "--model"}:
            reader.rest += [word, *kept]
        del words[: len(kept)]
    return reader.command()


class _Reader:
    """Sorts the words of a command by what they are for."""

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}
        self.nested: dict[str, dict[str, Any]] = {}
        self.models: list[str] = []
        self.named = False
        self.rest: list[str] = []
        self.names: list[str] = []
        self.shortened: list[tuple[str, str]] = []

    def take(self, name: str, values: list[str], *, switched: bool) -> int:
        """Take one option, and say how many of the words behind it are its values."""
        whole, _, key = name.partition(".")
        if key and whole in {LIMITS, DRAFT}:
            self.nested.setdefault(whole, {})[key.replace("-", "_")] = _json(_first(name, values))
            return 1
        if name == LIMITS:
            found = _json(_first(name, values))
            self.nested[LIMITS] = found if isinstance(found, dict) else {}
            return 1
        if name == "--model":
            self.models.insert(0, _first(name, values))
            return 1
        if name not in TABLE:
            return self._other(name, values)
        field, parse = TABLE[name]
        if parse is None:
            self.given[field] = not switched
            return 0
        self.given[field] = read_option(name, _first(name, values))
        return 1

    def _other(self, name: str, values: list[str]) -> int:
        """Keep an option that does not count."""
        most = serve_options().get(name, len(values))
        if values[:1] and values[0] in HARMLESS.get(name, ()):
            return 1
        self.names.append(name)
        return min(len(values), most)

    def command(self) -> Command:
        """All of it, once the words are used up. Raises `ReleaseError`."""
        limits, draft = self.nested.get(LIMITS), self.nested.get(DRAFT)
        if limits and not any(limits.values()):
            self.given["language_model_only"] = True
        if draft is not None:
            self.given["speculative_tokens"] = read_option(DRAFT, json.dumps(draft))
        known = serve_options().keys() | GRAPHS
        return Command(
            self.models[0] if self.models else None,
            Options(**self.given),
            tuple(self.rest),
            tuple(name for name in self.names if name not in UNMODELLED and name in known),
            tuple(name for name in self.names if name in UNMODELLED),
            tuple(name for name in self.names if name not in UNMODELLED and name not in known),
            tuple(self.shortened),
        )


def _resolve(written: str) -> tuple[str, bool]:
    """The option that is meant, and whether it is switched off; vLLM takes unique beginnings.

    Raises `ReleaseError` for what is nearly an option that counts.
    """
    known = serve_options()
    whole, dot, key = written.partition(".")
    if dot and whole in RENAMED:
        return f"{RENAMED[whole]}.{key}", False
    name = written if written in known else RENAMED.get(written, written.replace("_", "-"))
    name = RENAMED.get(name, name)
    plain = name.replace("--no-", "--", 1)
    if plain != name and known.get(plain) == 0:
        return plain, True
    if name in known or not name.startswith("--"):
        short = LEVEL.match(name)
        return (short[0] if short else name), False
    if "." in name:
        return name, False
    begun = [option for option in known if option.startswith(name)]
    if len(begun) == 1:
        return begun[0], False
    near = difflib.get_close_matches(name, TABLE, 1, LIKENESS)
    if near:
        what = f"{written!r:.60} is not an option of vLLM"
        raise ReleaseError(what, hint=f"did you mean {near[0]}?")
    return name, False


def _values(words: list[str]) -> list[str]:
    """The words up to the next option; a negative number is a value."""
    found = []
    for word in words:
        if word.startswith("-") and not NEGATIVE.fullmatch(word):
            break
        found.append(word)
    return found


def _first(name: str, values: list[str]) -> str:
    if not values:
        raise ReleaseError("has no value", where=name)
    return values[0]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def write_command(model: str, options: Options, rest: tuple[str, ...] = ()) -> str:
    """Write the command, quoted for a shell; `rest` are words that follow the options."""
    words = ["vllm", "serve", model]
    for name, (field, parse) in TABLE.items():
        value = getattr(options, field)
        if value is None or (field == "language_model_only" and _has_limits(rest)):
            continue
        if parse is None:
            words.append(name if value else name.replace("--", "--no-", 1))
        elif parse is speculative:
            words += [name, json.dumps({"method": "mtp", "num_speculative_tokens": value})]
        elif field == "max_model_len" and value == AUTO:
            words += [name, "auto"]
        else:
            words += [name, str(value)]
    return shlex.join([*words, *rest])


def _has_limits(rest: tuple[str, ...]) -> bool:
    return any(word.replace("_", "-").startswith(LIMITS) for word in rest)
