"""In which tool's format a card says that its files are: GGUF, MLX, bitsandbytes, AWQ."""

import re
from collections.abc import Iterator

from release.audit.labels import pair
from release.audit.page import Line, Page, sentences, statements
from release.audit.words import elsewhere

# In one spelling each; those of methods may be how files of compressed-tensors were made.
TOOLS = {"gguf": "GGUF", "mlx": "MLX", "exl2": "EXL2", "exl3": "EXL3", "nf4": "NF4"}
TOOLS |= {"bitsandbytes": "bitsandbytes", "bnb": "bitsandbytes", "hqq": "HQQ"}
TOOLS |= {"torchao": "TorchAO", "autogptq": "AutoGPTQ", "autoawq": "AutoAWQ"}
METHODS = {"gptq": "GPTQ", "awq": "AWQ"}
ALL = "|".join([*TOOLS, *METHODS])
NAME = rf"(?P<name>{ALL})"
BEHIND = r"(?!\w|[./]\w)"
SAID = re.compile(
    # `quantized with bitsandbytes`, `converted to GGUF`
    rf"\b(?:quanti[sz](?:ed|ation)|produced|made|created|converted|exported|packed|saved)"
    r"(?: \w+){0,2}? "
    rf"(?:with|using|by|via|through|to|into|in|as)(?: the)? {NAME.replace('name', 'with')}{BEHIND}"
    # `This repository holds GGUF files`, `an AutoGPTQ checkpoint`
    rf"|\b(?:this|the|our)(?: (?:hf|model|quantized))? (?:repo(?:sitory)?|checkpoint|model|files?|"
    rf"weights|release|quant)s? (?:is|are|holds?|contains?|has|comes? (?:as|in)|ships?|stores?)"
    rf"(?: (?:an?|the|in|only|\d\w*[- ]bits?))* {NAME.replace('name', 'holds')}{BEHIND}"
    rf"|\b(?:this is|here is|it is) an? (?:[\w-]+ ){{0,2}}?{NAME.replace('name', 'isa')}"
    r" (?:\d+[- ]?bits? )?(?:files?|checkpoint|quants?|quantization|model|version|build|conversion"
    r"|format)\b"
    rf"|\b(?:in|with) {NAME.replace('name', 'form')} format\b",
    re.IGNORECASE,
)
LABEL = re.compile(
    r"(?:(?:file|model|weights?|quant(?:ization)?|storage|checkpoint)[ _-]?)?(?:format|type|method"
    r"|library|backend|tool)|quant(?:ization)?|quant_method",
    re.IGNORECASE,
)
VALUE = re.compile(
    rf"(?:[\w.]+[- ])??{NAME}{BEHIND}(?! (?:is|are|at|in|from|via|see)\b)", re.IGNORECASE
)
# A method in a name may be no more than a habit.
TITLE = re.compile(rf"(?<!\w)(?:{'|'.join(TOOLS)})(?!\w)", re.IGNORECASE)
ELSEWHERE = elsewhere(
    *("original", "others", "models", "unreal", "denied", "absent"),
    more="instead|alternativ\\w*|see|also|available|earlier|like|compar\\w+|llama-cpp|than|from",
)


def read_makers(page: Page) -> Iterator[tuple[str, int]]:
    """Collect them, with their lines: from text, from the title, and from tags of the header."""
    for line in statements(page):
        yield from ((spelt(name), line.number) for name in _names(line))
    for match in TITLE.finditer(page.title):
        yield spelt(match[0]), page.title_line
    tags = page.fields.get("tags")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, str) and tag.lower() in TOOLS | METHODS:
            yield spelt(tag), page.line_with("tags", tag)
    library = page.fields.get("library_name")
    if isinstance(library, str) and library.lower() in TOOLS:
        yield spelt(library), page.line_of("library_name")


def spelt(name: str) -> str:
    """A name as it is known: `bnb` is bitsandbytes."""
    return (TOOLS | METHODS)[name.lower()]


def _names(line: Line) -> Iterator[str]:
    if not line.cells:
        for text in sentences(line.text):
            if not ELSEWHERE.search(text):
                for match in SAID.finditer(text):
                    yield next(name for name in match.groups() if name)
    label, value = pair(line) or ("", "")
    found = VALUE.match(value.strip("*` ")) if LABEL.fullmatch(label.strip("*` ")) else None
    if found and not ELSEWHERE.search(value):
        yield found["name"]
