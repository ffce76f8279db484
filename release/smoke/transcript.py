"""vLLM's log, read: kernels and backends that were chosen, and lines that mean trouble.

Wording from vLLM 0.17 to 0.32. The terms of memory and of the KV cache are not read here.
"""

import re
from collections.abc import Iterable

import msgspec

# What containers, services and CI put before each line, then what vLLM itself does.
_OUTER = re.compile(
    r"\s*(?:[\w.-]+\s*\|\s|\[?\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-][\d:]+)?\]?\s+(?:-- ?)?|\|\s|│\s?"
    r"|[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ [\w.@-]+\[\d+\]:\s)*"
)
_PREFIX = re.compile(
    r"(?P<process>(?:\([^)]*(?:pid|rank)=?\s?\d[^)]*\)\s*|\[rank\d+\]:\s?"
    r"|\(\w+\)\s+(?=[A-Z]+ \d))*)"
    r"(?:(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) \d\d-\d\d \d\d:\d\d:\d\d "
    r"(?:\[[^\]]*\]|[\w./]+:\d+\]) ?)?"
)
# Folders of this machine: what is told of a log goes into reports. Not those of a URL.
_FOLDERS = re.compile(r"(?<![\w:/.~-])~?/(?:[^\s/'\":,()<>|]+/)+(?=[\w.'\"-])")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
LONGEST = 400


class Line(msgspec.Struct, frozen=True):
    """One line of the log, without time and place; `level` is empty for plain output.

    `process` is what vLLM calls the process that wrote it, empty for the first one.
    """

    level: str
    text: str
    process: str = ""


class Trouble(msgspec.Struct, frozen=True):
    """A line that means that something of the checkpoint is not used as it was stored.

    `kind` is one of those of `TROUBLES`; `name` the tensor or parameter, where the line has one.
    """

    kind: str
    text: str
    name: str | None = None


class Transcript(msgspec.Struct, frozen=True):
    """What a log says. `kernels` maps a scheme or a kind of layer to the kernel that serves it."""

    kernels: dict[str, str]
    attention: str | None
    gdn: str | None
    troubles: tuple[Trouble, ...]
    fallbacks: tuple[str, ...]


KERNELS = (
    (re.compile(r"Selected (?P<kernel>\w+) for (?P<scheme>\w+)"), None),
    (re.compile(r"Using (?P<kernel>\w+) for (?P<scheme>NVFP4|MXFP4|MXFP8|FP8) GEMM"), None),
    (re.compile(r"Using (?P<kernel>\w+) for (?P<scheme>CompressedTensors\w+)"), None),
    (re.compile(r"Using NvFp4LinearBackend\.(?P<kernel>\w+) for NVFP4 GEMM"), "NVFP4"),
    (
        re.compile(r"Using '?(?P<kernel>[\w ]+?)'? (?P<scheme>\w+ MoE) backend"),
        None,
    ),
)
ATTENTION = (
    re.compile(r"Using (?:AttentionBackendEnum\.)?(?P<name>\w+) attention backend"),
    re.compile(r"Using (?P<name>[\w ]+) backend on V1 engine"),
    re.compile(r"Using (?P<name>\w+) backend(?: out of potential backends| \(selected)"),
)
GDN = (re.compile(r"Using (?P<name>\S+) GDN prefill kernel"),)

# kind -> what the line looks like. `name` is what vLLM calls the tensor or parameter.
TROUBLES = {
    "skipped": (
        re.compile(r"(?P<name>[\w.]+) not found in params_dict, skip loading"),
        re.compile(
            r"(?:[Ss]kip(?:ping)? loading|[Ss]kipped loading)(?: of)?:? (?P<name>[\w.]+\.\w+)"
        ),
        re.compile(r"Parameter (?P<name>[\w.]+) not found in params_dict"),
        re.compile(
            r"Found \S+ (?:scale )?in the checkpoint \(e\.g\. (?P<name>[^)]+)\), but not found"
        ),
    ),
    # Scales of the KV cache have defaults.
    "uninitialised": (
        re.compile(
            r"[Ss]ome weights (?:are|were) not initialized from (?:the )?(?:model )?checkpoints?:? "
            r"(?!\{?(?:'[\w.]*\.[kvq]_scale'(?:, )?)+\}?$)"
        ),
    ),
    "scales-differ": (
        re.compile(r"scale (?:is different for|differs across) parallel layers"),
        re.compile(r"global scale for (?:weight|input) are different"),
        re.compile(r"w1_weight_\w+ must match w3_weight_\w+"),
    ),
    "negative-scales": (re.compile(r"assumes the scales to be >=0, but has encountered negative"),),
    "default-kv-scale": (
        re.compile(r"Using KV cache scaling factor 1\.0 for fp8"),
        re.compile(r"Checkpoint does not provide a q scaling factor"),
    ),
    "dtype": (re.compile(r"Attempted to load weight (?P<name>\S+) with dtype"),),
}
FALLBACKS = (
    re.compile(r"does not have native support for FP[48] computation"),
    re.compile(r"falling back to the slow and unoptimized"),
    re.compile(r"falling back to .*kernel selection"),
)


def read_lines(log: str) -> list[Line]:
    """Split a log into lines, each without its prefix."""
    lines = []
    for raw in log.splitlines():
        plain = _COLOUR.sub("", raw)
        outer = _OUTER.match(plain)
        match = _PREFIX.match(plain, outer.end() if outer else 0)
        level, process, end = ("", "", 0)
        if match:
            level, process, end = match["level"] or "", match["process"].strip(), match.end()
        text = without_folders(plain[end:].rstrip("│ ").strip())
        if text:
            lines.append(Line(level, text, process))
    return lines


def without_folders(text: str) -> str:
    """Give a text in which each file is only its name: paths are nobody's business."""
    return _FOLDERS.sub("", text)


def read_transcript(log: str) -> Transcript:
    """Read a log whole. What it does not say is absent, never guessed."""
    lines = read_lines(log)
    kernels: dict[str, str] = {}
    for line in lines:
        for pattern, scheme in KERNELS:
            if match := pattern.search(line.text):
                kernels.setdefault(scheme or match["scheme"], match["kernel"])
    return Transcript(
        kernels=kernels,
        attention=_first(ATTENTION, lines),
        gdn=_first(GDN, lines),
        troubles=tuple(_troubles(lines)),
        fallbacks=tuple(
            dict.fromkeys(
                line.text[:LONGEST]
                for line in lines
                if any(pattern.search(line.text) for pattern in FALLBACKS)
            )
        ),
    )


def _first(patterns: Iterable[re.Pattern[str]], lines: list[Line]) -> str | None:
    for line in lines:
        for pattern in patterns:
            if (match := pattern.search(line.text)) and "vit" not in line.text:
                return match["name"]
    return None


def _troubles(lines: list[Line]) -> Iterable[Trouble]:
    seen = set()
    for line in lines:
        for kind, patterns in TROUBLES.items():
            match = next((m for pattern in patterns if (m := pattern.search(line.text))), None)
            if match is None:
                continue
            trouble = Trouble(kind, line.text[:LONGEST], match.groupdict().get("name"))
            if (kind, trouble.name) not in seen:
                seen.add((kind, trouble.name))
                yield trouble
            break
