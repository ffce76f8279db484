"""The card claims quality or speed and gives no evidence for it.

What it checks: claims of recovery (a percentage of the base model's score): that the card names the
    harness, the base model's own scores and the number of samples or an error. Claims of speed (2x
    faster): that it gives times or rates, or the benchmark that they come from.
Why it matters: a score without its error and the base's score from the same run says nothing; two
    runs of one model differ by more than most quantizations cost.
How to fix: evaluate both with lm-eval, give `release.toml` the results: the card then has n,
    stderr, base and recovery.
Seen in: "99.8% recovery" above a table of single numbers.
"""

from release.audit.features import Features
from release.audit.page import Page
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(page: Page, features: Features) -> Findings:
    """Report the first claim of each kind with everything that is missing."""
    offered = {
        "the harness": features.harness,
        "the base model's scores": features.base_scores,
        "n or an error": features.counted,
    }
    missing = [name for name, there in offered.items() if not there]
    claims = [claim for claim in features.claims if claim.kind == "recovery"]
    if claims and missing:
        what = f"claims {claims[0].text!r:.120} without {', '.join(missing)}"
        yield Found(Where(file=page.name, line=claims[0].line), what, "add them, or the claim goes")
    speed = next((claim for claim in features.claims if claim.kind == "speed"), None)
    if speed is not None and not features.timed:
        what = f"claims {speed.text!r:.120} without a time, a rate or its benchmark"
        yield Found(Where(file=page.name, line=speed.line), what, "add it, or the claim goes")
