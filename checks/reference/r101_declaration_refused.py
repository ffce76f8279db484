"""compressed-tensors and release do not agree whether the declaration is valid.

What it checks: with --reference, compressed-tensors validates quantization_config itself. What
    it refuses and Q107 does not is an error, what only Q107 refuses a note.
Why it matters: transformers and vLLM validate with this package: what it refuses does not load.
How to fix: change the setting that the package's own words name; where only release complains,
    another version of the package may refuse it.
Seen in: keys that one version of compressed-tensors wrote and the next one removed.
"""

from release.facts.reference.declaration import TheirDeclaration
from release.quantization.config import QuantizationConfig
from release.rules import Findings, Found, in_config, rule


@rule(since="0.1.0")
def check(quantization: QuantizationConfig, their_declaration: TheirDeclaration) -> Findings:
    """One finding at most: the packages stop at their first complaint."""
    ours, theirs = quantization.problems, their_declaration.refusal
    if theirs is not None and not ours:
        yield Found(
            where=in_config(quantization.path),
            message=f"{their_declaration.source} refuses it: {theirs}",
            fix="correct what it names",
        )
    serious = [problem for problem in ours if not problem.extra]
    if theirs is None and serious:
        yield Found(
            where=in_config(serious[0].path),
            message=f"{their_declaration.source} takes it, though Q107 says that it "
            f"{serious[0].what}",
            fix="correct it: other versions refuse it",
            severity="info",
        )
