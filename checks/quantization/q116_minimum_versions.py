"""Which releases the checkpoint needs, and who says that older ones will do.

What it checks: the oldest vLLM, compressed-tensors and transformers that can read the checkpoint,
    by its architecture, the keys and formats of its declaration, its schemes and its tokenizer
    (`release tables --format json` has every bound). README.md names no older vLLM, and `version`
    no compressed-tensors that could not have written these keys.
Why it matters: an older vLLM stops at a key that it does not know ("Extra inputs are not
    permitted") or an architecture that it does not have, hours after the download.
How to fix: name the release in the card. Where a claim is older, correct the claim.
Seen in: vllm #30799, `scale_dtype` refused; llm-compressor #2234.
"""

import re
from collections.abc import Iterator

from release.audit.mentions import Release, read_releases
from release.facts.minimum import COMPRESSED_TENSORS, TRANSFORMERS, VLLM, Minimum
from release.facts.texts import Texts
from release.quantization.config import QuantizationConfig
from release.quantization.history import OLDEST_VLLM, order
from release.rules import Findings, Found, Where, in_config, rule

CARD = "README.md"
RELEASE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){1,3}")


@rule(since="0.1.0", severity="info")
def check(minimum_vllm: Minimum, quantization: QuantizationConfig, texts: Texts) -> Findings:
    """Say what is needed, then where the checkpoint says otherwise."""
    needs = [
        f"{package} {bound.version} for {bound.why}"
        for package in (VLLM, COMPRESSED_TENSORS, TRANSFORMERS)
        if (bound := minimum_vllm.decisive(package))
        and bound.version != OLDEST_VLLM
        and (package != VLLM or minimum_vllm.version)
    ]
    if minimum_vllm.before:
        needs.append(f"vllm before {minimum_vllm.before}")
    if needs:
        what = f"it needs {'; '.join(needs)}"
        yield Found(in_config(quantization.path or "architectures"), what, "say so in the card")
    yield from _card(minimum_vllm, texts.files.get(CARD, ""))
    yield from _version(minimum_vllm, quantization)


def _card(minimum: Minimum, text: str) -> Iterator[Found]:
    """The oldest release that the card promises, if that one cannot."""
    named = sorted(_promised(text), key=lambda release: order(release.version))
    if not named or minimum.version is None or order(named[0].version) >= order(minimum.version):
        return
    bound, oldest = minimum.decisive(VLLM), named[0]
    what = f"it names vllm {oldest.version}, and {minimum.version} is the first that reads the"
    why = f" checkpoint: {bound.why}" if bound else " checkpoint"
    where = Where(file=CARD, line=oldest.line)
    yield Found(where, f"{what}{why}", f"write vllm>={minimum.version}", "warning")


def _promised(text: str) -> Iterator[Release]:
    """The releases of vLLM that are said to be enough, or that are installed."""
    for number, line in enumerate(text.split("\n"), 1):
        for found in read_releases(number, line):
            enough = found.package == VLLM and (found.minimum or found.pinned)
            if enough and RELEASE.fullmatch(found.version):
                yield found


def _version(minimum: Minimum, quantization: QuantizationConfig) -> Iterator[Found]:
    """A release is judged only: a build before it may have the next one's keys."""
    written, bound = quantization.version, minimum.decisive(COMPRESSED_TENSORS)
    if written is None or bound is None or not RELEASE.fullmatch(written):
        return
    if order(written) < order(bound.version):
        yield Found(
            where=in_config(f"{quantization.path}.version"),
            message=f"it is {written}, which does not have {bound.why}: {bound.version} does",
            fix="write the version of compressed-tensors that saved the model",
            severity="warning",
        )
