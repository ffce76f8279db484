"""The precisions that a card's title and tags name: `tiny-Llama-NVFP4`, `quantized.w4a16`."""

import re
from collections.abc import Iterator

from release.audit.page import Page
from release.audit.precise import UNSURE, Precise
from release.audit.schemes import FLOATS, words_of

OWNER = re.compile(r"\b[\w.-]+/(?=[\w.-]+)")
CACHE = re.compile(r"(?:fp8|int8|nvfp4)?[ _-]?kv(?:[ _-]?cache)?(?:[ _-]?fp8)?\b", re.IGNORECASE)


def read_tags(page: Page) -> Iterator[Precise]:
    """The precisions among the header's tags; `fp8` may be that of scales, or of the cache."""
    tags = page.fields.get("tags")
    for tag in map(str, tags) if isinstance(tags, list) else ():
        words = words_of(re.sub(r"[-_.]+", " ", tag)) - FLOATS
        if words and words != {"fp8"}:
            yield Precise(page.line_with("tags", tag), f"tag {tag}", (), words, "both")


def read_title(page: Page) -> Iterator[Precise]:
    """Collect them; what a title says of the cache is for the server to do."""
    bare = CACHE.sub(" ", OWNER.sub("", page.title))
    text = re.sub(r"[-_./()\[\]]+", " ", bare)
    words = words_of(text) - FLOATS
    if words and not UNSURE.search(text):
        yield Precise(page.title_line, page.title, (), words, "both")
