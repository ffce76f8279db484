"""What is around a command in a pasted text and decides too: releases, settings of vLLM's."""

import re

IMAGES = r"vllm-openai(?:-[a-z]\w*)*"
RELEASE = re.compile(
    rf"{IMAGES}:v?(\d+\.\d+\.\d+[\w.+-]*)|\bvllm(?:\[[\w,-]*\])?(?:==|@)(\d+\.\d+[\w.+-]*)"
)
SETTING = re.compile(r"""\b(VLLM_[A-Z0-9_]+)["']?(?:=|:|[\s,]+value:)\s*["']?(\w+)""")


def named_release(text: str) -> str | None:
    """The release of vLLM that an image's tag or an installation names, as 0.24.0."""
    found = RELEASE.search(text)
    return None if found is None else next(filter(None, found.groups()))


def named_settings(text: str) -> dict[str, str]:
    """What a shell or a manifest sets of vLLM's environment."""
    return dict(SETTING.findall(text))
