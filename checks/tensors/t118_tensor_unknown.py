"""A tensor is stored that the model does not have.

What it checks: where the architecture is known, every tensor is one that config.json implies, or
    that its scheme, multi-token prediction or a transform stores. Old buffers (inv_freq) are left
    alone, and so is what a rule on config.json names as a whole.
Why it matters: loaders end with "There is no module or parameter named ...", or skip the tensor
    with what it meant: a bias that is dropped changes every output.
How to fix: remove the tensor, give it the name that the model has, or correct the setting of
    config.json that would imply it.
Seen in: sglang #22287, tensors that the loader had no parameter for.
"""

from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(unknown_tensors: tuple[str, ...]) -> Findings:
    """Report each one."""
    for name in unknown_tensors:
        yield Found(
            where=Where(tensor=name),
            message="config.json implies no such tensor, and no scheme stores it",
            fix="remove it, rename it, or correct the setting that would imply it",
        )
