"""The precisions that a card's title names: `tiny-Llama-NVFP4`, `owner/Model-quantized.w4a16`."""

import re
from collections.abc import Iterator

from release.audit.page import Page
from release.audit.precise import UNSURE, Precise
from release.audit.schemes import words_of
from release.audit.sides import FLOATS

OWNER = re.compile(r"\b[\w.-]+/(?=[\w.-]+)")
CACHE = re.compile(r"(?:fp8|int8|nvfp4)?[ _-]?kv(?:[ _-]?cache)?(?:[ _-]?fp8)?\b", re.IGNORECASE)


def read_title(page: Page) -> Iterator[Precise]:
    """Collect them; what a title says of the cache is for the server to do."""
    bare = CACHE.sub(" ", OWNER.sub("", page.title))
    text = re.sub(r"[-_./()\[\]]+", " ", bare)
    words = words_of(text) - FLOATS
    if words and not UNSURE.search(text):
        yield Precise(page.title_line, page.title, (), words, "both")
