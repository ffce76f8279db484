"""`vllm serve` commands as people paste and copy them."""

import difflib
import json
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from release.errors import ReleaseError
from release.memory.options import (
    ALIASES,
    AUTO,
    TABLE,
    Options,
    drafted_tokens,
    read_option,
    speculative,
)
from release.memory.pasted import named_release, served_words

DATA = Path(__file__).with_name("serve_options.txt")

# They change how memory is used in ways that are not modelled.
UNMODELLED = frozenset(
    {
        *("--decode-context-parallel-size", "--prefill-context-parallel-size", "-dcp", "-pcp"),
        *("--data-parallel-size", "-dp", "--cpu-offload-gb", "--offload-group-size"),
        *("--enable-lora", "--kv-transfer-config", "--kv-offloading-size", "--use-replayssm"),
        *("--kv-cache-dtype-skip-layers", "--disable-sliding-window", "--mamba-cache-mode"),
        *("--hf-overrides", "--performance-mode", "--config"),
        *("--quantization", "-q", "--dtype", "--quantization-config"),
        *("--mm-encoder-only", "--mm-ipc-gpu-memory-gb", "--runner", "--enable-dbo"),
        "--no-enable-chunked-prefill",
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
# vLLM's own words for parts of --speculative-config.
SPELLED_OUT = {
    "--spec-method": ("--speculative-config", "method"),
    "--spec-model": ("--speculative-config", "model"),
    "--spec-tokens": ("--speculative-config", "num_speculative_tokens"),
}
REASONS = {
    "--config": "what the file of --config says was not read: write its options into the command",
    "--speculative-config": "only drafts of the model's own MTP head are modelled",
}
RENAMED = {"--device-memory-utilization": "--gpu-memory-utilization", **ALIASES}
LIMITS, DRAFT = "--limit-mm-per-prompt", "--speculative-config"
LEVEL = re.compile(r"-O(?=\d$)|-cc(?=\.)")
NEGATIVE = re.compile(r"-\d[\d.]*")
LIKENESS = 0.88


class Command(msgspec.Struct, frozen=True):
    """A `vllm serve` command: the model, what counts for memory, and all else.

    `rest` are the words of options that do not count, in their order; `ignored` their names;
    `unmodelled` those that count and are not modelled; `unknown` those that vLLM 0.32 has not;
    `shortened` what is written for a longer option; `release` that of vLLM which the text names.
    """

    model: str | None
    options: Options
    rest: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    unmodelled: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    shortened: tuple[tuple[str, str], ...] = ()
    release: str | None = None

    @property
    def gap(self) -> str | None:
        """Why no memory can be estimated for it."""
        name = next(iter(self.unmodelled), None)
        other = f"{name} changes the memory in ways not modelled"
        return None if name is None else REASONS.get(name, other)


@cache
def serve_options() -> dict[str, int]:
    """Every option of vLLM 0.32.0's `serve`, and how many values it takes at most."""
    many = {"": 0, "...": 1 << 20}
    lines = DATA.read_text(encoding="utf-8").splitlines()
    return {name: many.get(value, 1) for name, _, value in (line.partition(" ") for line in lines)}


def parse_command(text: str) -> Command:
    """Read a pasted command: a shell's, a container's, a unit's.

    Raises `ReleaseError` where it is no `vllm serve`, or a value cannot be read.
    """
    return _read(served_words(text), named_release(text))


def _read(words: list[str], release: str | None) -> Command:
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
        elif name.partition(".")[0] not in {*TABLE, *SPELLED_OUT, "--model"}:
            reader.rest += [word, *kept]
        del words[: len(kept)]
    return reader.command(release)


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
        whole, key = SPELLED_OUT.get(name, (whole, key))
        if key and whole in {LIMITS, DRAFT}:
            self.nested.setdefault(whole, {})[key.replace("-", "_")] = _json(_first(name, values))
            return 1
        if name in {LIMITS, DRAFT}:
            self.nested[name] = _dict(name, _first(name, values))
            return 1
        if name == "--model":
            self.models.insert(0, _first(name, values))
            return 1
        if name not in TABLE:
            return self._other("--no-" + name[2:] if switched else name, values)
        field, parse = TABLE[name]
        if parse is None:
            self.given[field] = not switched
            return 0
        self.given[field] = read_option(name, _first(name, values))
        return 1

    def _other(self, name: str, values: list[str]) -> int:
        """Keep an option that does not count."""
        whole = name.partition(".")[0]
        most = serve_options().get(_switch(whole), len(values))
        if values[:1] and values[0] in HARMLESS.get(name, ()):
            return 1
        self.names.append(whole if most else name)
        return min(len(values), most)

    def command(self, release: str | None) -> Command:
        """All of it, once the words are used up. Raises `ReleaseError`."""
        limits, draft = self.nested.get(LIMITS), self.nested.get(DRAFT)
        if limits and not any(limits.values()):
            self.given["language_model_only"] = True
        if draft is not None and drafted_tokens(draft) is None:
            self.names.append(DRAFT)
        elif draft is not None:
            self.given["speculative_tokens"] = read_option(DRAFT, json.dumps(draft))
        unmodelled = UNMODELLED | {DRAFT}
        known = serve_options().keys() | GRAPHS
        others = [name for name in self.names if name not in unmodelled]
        return Command(
            self.models[0] if self.models else None,
            Options(**self.given),
            tuple(self.rest),
            tuple(name for name in others if _switch(name) in known),
            tuple(name for name in self.names if name in unmodelled),
            tuple(name for name in others if _switch(name) not in known),
            tuple(self.shortened),
            release,
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
    plain = _switch(name)
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


def _switch(name: str) -> str:
    """The switch that an option turns off; any other option as it is."""
    return name.replace("--no-", "--", 1)


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


def _dict(name: str, text: str) -> dict[str, Any]:
    found = _json(text)
    if not isinstance(found, dict):
        raise ReleaseError(f"{text!r:.60} is no JSON object", where=name, hint="check its quotes")
    return found


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
