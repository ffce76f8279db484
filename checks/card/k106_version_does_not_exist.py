"""The card names a release that there never was, or one that cannot read the checkpoint.

What it checks: releases of vLLM, llm-compressor, compressed-tensors, transformers, SGLang and
    lm-eval named in text, tables and commands, against the package index as of the day in the data
    file; and `vLLM X or newer` and what is installed against the oldest that reads this
    checkpoint (Q116).
Why it matters: nobody can install the one, and the other fails while it loads.
How to fix: name the release that was used: `pip show`.
Seen in: "llm-compressor v0.10.1", between 0.10.0.4 and 0.11.0; cards that ask for a vLLM from
    before the architecture was added.
"""

from packaging.version import Version

from release.audit.mentions import Mentions, Release
from release.audit.page import Page
from release.audit.releases import exists, nearest, releases
from release.facts.minimum import Minimum
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown


@rule(since="0.1.0")
def check(page: Page, mentions: Mentions, minimum_vllm: Minimum | Unknown) -> Findings:
    """Judge each release once a line."""
    for release in dict.fromkeys(mentions.releases):
        where = Where(file=page.name, line=release.line)
        if exists(release.package, release.version) is False:
            near = ", ".join(nearest(release.package, release.version))
            day = releases().as_of
            what = f"{release.package} {release.version} was never released (index of {day})"
            yield Found(where, what, f"near it are {near}")
        elif (needed := _needed(release, minimum_vllm)) is not None:
            what = f"{release.package} {release.version} cannot read this checkpoint"
            yield Found(where, what, f"it needs {needed}", severity="warning")


def _needed(release: Release, minimum: Minimum | Unknown) -> str | None:
    """The oldest release that would do, where the one named as enough, or installed, is older."""
    if isinstance(minimum, Unknown) or not (release.minimum or release.installed):
        return None
    needed = {
        "vllm": minimum.version,
        "transformers": minimum.transformers,
        "compressed-tensors": minimum.compressed_tensors,
    }.get(release.package)
    if needed is None or Version(release.version) >= Version(needed):
        return None
    return needed
