"""A file holds a pointer, a web page or nothing instead of its content.

What it checks: no file is a pointer of git-LFS or git-xet, a web page or a server's error message;
    no weight file is a pickle, an archive or a GGUF; no weight file, tokenizer, template, index or
    config is empty. Other empty files are a warning; files that are empty by custom are left alone.
Why it matters: a clone without LFS leaves 130 bytes of text where gigabytes should be, a failed
    download an error page; readers fail with "header too large", which names neither.
How to fix: run `git lfs pull`, or download again with `hf download`; remove what is really empty.
Seen in: vllm #57975, where an LFS pointer ended as HeaderTooLarge.
"""

from release.checkpoint import Checkpoint
from release.checkpoint.kinds import INSTEAD, instead
from release.errors import Fault
from release.facts.contents import Contents
from release.rules import Findings, Found, Where, rule

NEEDED = (
    *("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json", "merges.txt"),
    "chat_template.jinja",
)
PAGES = (".html", ".htm", ".xml", ".md", ".txt", ".log")
EMPTY_BY_CUSTOM = ("__init__.py", "py.typed", ".gitkeep", ".gitattributes", ".gitignore")


@rule(since="0.1.0")
def check(checkpoint: Checkpoint, contents: Contents) -> Findings:
    """Report pointers and empty files, those the reader met and all others."""
    told = set()
    for defect in checkpoint.faults(Fault.NOT_WEIGHTS):
        told.add(defect.file)
        yield Found(Where(file=defect.file), defect.what, defect.hint)
    for name, info in checkpoint.files.items():
        base = name.rpartition("/")[2]
        if name in told:
            continue
        kind = contents.kinds.get(name)
        if kind in INSTEAD and (base in NEEDED or not base.endswith(PAGES)):
            yield Found(Where(file=name), *instead(kind, info.size))
        elif info.size == 0 and base not in EMPTY_BY_CUSTOM:
            yield Found(
                where=Where(file=name),
                message="is empty",
                fix="write it again, or remove it",
                severity=None if name in NEEDED else "warning",
            )
