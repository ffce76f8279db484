"""A tensor of a quantized module does not have the shape that its scheme and its weight imply.

What it checks: scales, zero points and the other tensors beside a quantized weight against the
    weight's own size (out, in) and the scheme's arguments. A scalar may be [1] or [].
Why it matters: vLLM takes the first rows of a tensor that is too large, without a word, and ends
    with a bare assertion on one that is too small.
How to fix: export the module again, or correct the group's group_size or block_structure.
Seen in: scales that stayed as they were when their weight was padded or cut to another size.
"""

from release.facts.layouts import Layouts
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(layouts: Layouts) -> Findings:
    """Report every tensor of another shape."""
    for fault in layouts.shapes:
        yield Found(
            where=Where(tensor=fault.tensor),
            message=f"is {fault.stored}; {fault.scheme} stores {fault.role} as {fault.expected}",
            fix="export the module again, or correct the group's arguments",
        )
