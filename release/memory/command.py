"""`vllm serve` commands as people paste and copy them."""

import difflib
import json
import re
import shlex

import msgspec
from msgspec.structs import replace

from release.errors import ReleaseError
from release.memory.devices import named_gpus
from release.memory.effects import ENVIRONMENT, UNMODELLED, why_not
from release.memory.known_options import every_option, options_of
from release.memory.named import named_release, named_settings
from release.memory.nested import ATTENTION, COMPILATION, DRAFT, SPELLED_OUT, fields_of, objects_of
from release.memory.options import ALIASES, AUTO, TABLE, Options, speculative
from release.memory.pasted import Pasted, served
from release.memory.reader import METHOD, Reader
from release.memory.values import Written
from release.memory.versions import Version

SECRETS = frozenset({"--api-key", "--hf-token"})
HIDDEN = "***"
RENAMED = {
    "--device-memory-utilization": "--gpu-memory-utilization",
    "-cc": COMPILATION,
    "-ac": ATTENTION,
    **dict.fromkeys((f"{ATTENTION}.backend", "-ac.backend"), "--attention-backend"),
    **ALIASES,
}
LEVEL = re.compile(r"^(-O)(?=.)(?![=.])")
ANY_LENGTH = "VLLM_ALLOW_LONG_MAX_MODEL_LEN"
NEGATIVE = re.compile(r"-\d[\d.]*")
LIKENESS = 0.88
# Other names of a method. Source: vLLM 0.32 layers/quantization/__init__.py.
SAME = ("{}", "{}_marlin", "auto_{}", "{}_fp4")
# No other method reads these, but for what asks to. Source: vLLM 0.32 config/model.py,
# _verify_quantization, and each override_quantization_method.
COMPRESSED, TAKEN = "compressed-tensors", ("humming",)
# Images for what is no GPU.
DEVICES = re.compile(r"vllm-openai-(?:cpu|xpu|tpu|hpu)\b")


class Command(msgspec.Struct, frozen=True):
    """A `vllm serve` command: the model, what counts for memory, and all else.

    `rest` are the words of options that do not count, in their order; `ignored` their names;
    `unmodelled` those that count and are not modelled; `unknown` those that no release has;
    `shortened` what is written for a longer option; `release` that of vLLM which the text names,
    `gpus` how many GPUs it gives, `method` the value of --quantization; `written` are all options.
    """

    model: str | None
    options: Options
    rest: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    unmodelled: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    shortened: tuple[tuple[str, str], ...] = ()
    release: str | None = None
    gpus: int | None = None
    method: str | None = None
    written: Written = ()

    def gap(self, own: str | None = None) -> str | None:
        """Why no memory can be estimated for it, with a checkpoint that is quantized by `own`.

        To name a checkpoint's own method changes nothing, nor does the kernel that reads it.
        """
        told = own is not None and (self.refused(own) or self._same(own))
        left = (name for name in self.unmodelled if not (told and name in METHOD))
        return next(map(why_not, left), None)

    def refused(self, own: str | None) -> str | None:
        """Why vLLM does not take what --quantization says of files that are quantized by `own`."""
        if own != COMPRESSED or self.method in {None, *TAKEN} or self._same(own):
            return None
        return f"--quantization {self.method}: config.json says {own}, and vLLM takes no other"

    def _same(self, own: str) -> bool:
        return self.method in {pattern.format(own) for pattern in SAME}

    def lacking(self, version: Version) -> tuple[str, ...]:
        """The options that this release of vLLM has not."""
        known = options_of(version)
        named = (*self.unknown, *self.ignored, *self.unmodelled)
        return tuple(
            n for n in named if n.startswith("-") and _switch(n).split(".")[0] not in known
        )


def parse_command(text: str) -> Command:
    """Read a pasted command, the first if there are several: a shell's, a container's, a unit's.

    Raises `ReleaseError` where it is no `vllm serve`, or a value cannot be read.
    """
    return _parse(served(text)[0])


def parse_commands(text: str) -> tuple[Command, ...]:
    """Read every command of a pasted text. Raises `ReleaseError` as `parse_command` does."""
    return tuple(map(_parse, served(text)))


def _parse(pasted: Pasted) -> Command:
    reader = _read(list(pasted.words))
    settings = named_settings(pasted.text)
    unmodelled = [name for name, value in ENVIRONMENT.items() if settings.get(name) == value]
    unmodelled += DEVICES.findall(pasted.text)[:1]
    if settings.get(ANY_LENGTH) == "1":
        reader.given["any_length"] = True
    command = _sorted(reader, unmodelled, named_release(pasted.text))
    return replace(command, gpus=named_gpus(pasted.text), method=reader.method)


def _read(words: list[str]) -> Reader:
    reader = Reader(every_option())
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            if reader.named:
                what = f"{word!r:.60} is no option, nor the value of one: vLLM stops there"
                raise ReleaseError(what, hint="an option that is a switch takes no value")
            reader.named = True
            reader.models.append(word)
            continue
        written, equals, attached = LEVEL.sub(r"\1=", word).partition("=")
        name, switched = _resolve(written)
        if equals and every_option().get(name) == 0:
            raise ReleaseError("is a switch, and takes no value", where=written)
        if name != written.replace("_", "-") and name.startswith(written.replace("_", "-")):
            reader.shortened.append((written, name))
        values = [attached] if equals else _values(words)
        used = reader.take(name, values, switched=switched)
        kept = [] if equals else words[:used]
        reader.written.append((f"--no-{name[2:]}" if switched else name, tuple(values[:used])))
        if name in SECRETS:
            reader.rest += [written, HIDDEN]
        elif _whole(name) not in {*TABLE, "--model"}:
            reader.rest += [word, *kept]
        del words[: len(kept)]
    return reader


def _whole(name: str) -> str:
    """The option that this is a part of."""
    whole = name.partition(".")[0]
    return SPELLED_OUT.get(whole, (whole, ""))[0]


def _sorted(reader: Reader, unmodelled: list[str], release: str | None) -> Command:
    """What a command is, once its words are used up. Raises `ReleaseError`."""
    fields = fields_of(reader.nested)
    if DRAFT in reader.nested and "speculative_tokens" not in fields:
        reader.names.append(DRAFT)
    known = every_option().keys()
    others = [name for name in reader.names if name not in UNMODELLED]
    return Command(
        reader.models[0] if reader.models else None,
        Options(**{**reader.given, **fields}),
        tuple(reader.rest),
        tuple(name for name in others if _switch(name) in known),
        (*(name for name in reader.names if name in UNMODELLED), *unmodelled),
        tuple(name for name in others if _switch(name) not in known),
        tuple(reader.shortened),
        release,
        written=tuple(reader.written),
    )


def _resolve(written: str) -> tuple[str, bool]:
    """The option that is meant, and whether it is switched off; vLLM takes unique beginnings.

    Raises `ReleaseError` for what is nearly an option that counts.
    """
    known = every_option()
    whole, dot, key = written.partition(".")
    if dot and whole in RENAMED and written not in RENAMED:
        return f"{RENAMED[whole]}.{key}", False
    name = written if written in known else RENAMED.get(written, written.replace("_", "-"))
    name = RENAMED.get(name, name)
    plain = _switch(name)
    if plain != name and known.get(plain) == 0:
        return plain, True
    if name in known or not name.startswith("--"):
        return name, False
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


def write_command(model: str, options: Options, rest: tuple[str, ...] = ()) -> str:
    """Write the command, quoted for a shell; `rest` are words that follow the options."""
    words = [f"{ANY_LENGTH}=1"] if options.any_length else []
    words += ["vllm", "serve", model]
    for name, (field, parse) in TABLE.items():
        value = getattr(options, field)
        if value is None:
            continue
        if parse is None:
            words.append(name if value else name.replace("--", "--no-", 1))
        elif parse is speculative:
            words += [name, json.dumps({"method": "mtp", "num_speculative_tokens": value})]
        elif field == "max_model_len" and value == AUTO:
            words += [name, "auto"]
        else:
            words += [name, str(value)]
    for name, value in objects_of(options).items():
        if name not in {_whole(_resolve(word.partition("=")[0])[0]) for word in rest}:
            words += [name, json.dumps(value)]
    return shlex.join([*words, *rest])
