"""The quantized model is clearly worse at predicting texts than its base.

What it checks: perplexity over three short texts of different kinds, in the same vLLM, of the
    checkpoint and of the base that was given: a ratio over 1.10 is a warning, over the manifest's
    `smoke.perplexity` (1.25) an error.
Why it matters: it sees what a few questions do not, and needs no benchmark.
How to fix: keep more modules in higher precision; see which in `release verify --base`.
Seen in: vllm #36094.
"""

from release.rules import Findings, Found, Where, rule
from release.smoke.evidence import Run
from release.smoke.summary import Smoke

NOTICEABLE = 1.10


@rule(since="0.1.0")
def check(smoke: Smoke, engine_run: Run) -> Findings:
    """Compare where both are known; where one is not, the report says so elsewhere."""
    if smoke.perplexity is None or smoke.base_perplexity is None:
        return
    ratio = smoke.perplexity / smoke.base_perplexity
    if ratio > NOTICEABLE:
        yield Found(
            where=Where(path="texts"),
            message=f"perplexity {smoke.perplexity:.2f}, the base's {smoke.base_perplexity:.2f}: "
            f"{ratio:.2f} times",
            fix="keep the modules with the largest error in higher precision",
            severity=None if ratio > engine_run.plan.expectations.perplexity else "warning",
        )
