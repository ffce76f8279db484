"""transformers cannot build the model, or builds other tensors than release expects.

What it checks: with --reference, the class that config.json names is built on the meta device.
    Where release knows the family, names and shapes must be those it implies; where it does not,
    transformers' model takes the place of ours and the other rules judge the tensors by it.
Why it matters: a class that cannot be built cannot be loaded; where the two differ, what the
    other rules say of missing and unexpected tensors is doubtful.
How to fix: correct the setting that the error names; where shapes differ, report it.
Seen in: config.json with sizes that do not divide, which only the constructor refuses.
"""

from release.facts.reference.model import Difference, TheirModel
from release.rules import Findings, Found, Where, in_config, rule


@rule(since="0.1.0", severity="warning")
def check(their_model: TheirModel, model_differences: tuple[Difference, ...]) -> Findings:
    """Say why it cannot be built, else each tensor that differs."""
    if their_model.refusal is not None:
        yield Found(
            where=in_config("architectures"),
            message=f"{their_model.source} cannot build the model: {their_model.refusal}",
            fix="correct the setting that it names",
            severity="error",
        )
    for difference in model_differences:
        yield Found(
            where=Where(tensor=difference.tensor),
            message=f"{their_model.source} has {_shape(difference.theirs)}, "
            f"release expects {_shape(difference.ours)}",
            fix="check the sizes in config.json against the base model's",
        )


def _shape(shape: tuple[int, ...] | None) -> str:
    return "no such tensor" if shape is None else f"shape {list(shape)}"
