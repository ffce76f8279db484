"""The stored `weight_shape` is not the shape of the weight.

What it checks: the two integers beside a weight packed in 32-bit words are its (out, in): as
    config.json implies it where the architecture is known, else rows as stored, and columns that
    fill the stored words and groups.
Why it matters: compressed_tensors cuts the unpacked row at this length and pads it to it, so that
    transformers computes with shifted rows. vLLM loads the tensor and never looks.
How to fix: export the module again.
Seen in: weights packed for tensor parallelism, each rank with its own part's shape.
"""

from release.facts.misfits import Misfits
from release.facts.modules import Module, Modules
from release.facts.packed_shapes import PackedShapes
from release.quantization.schemes import Scheme
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown


@rule(since="0.1.0")
def check(packed_shapes: PackedShapes, modules: Modules, misfits: Misfits | Unknown) -> Findings:
    """Compare each stored pair with the weight; one of another size is C107's."""
    misshapen = set() if isinstance(misfits, Unknown) else misfits.modules
    for name, stored in packed_shapes.items():
        module = modules.items[name]
        if name in misshapen or module.shape is None or module.layout.looks_like:
            continue
        if stored != module.shape and not _possible(module, stored):
            yield Found(
                where=Where(tensor=module.tensor("weight_shape")),
                message=f"says {list(stored)}, the weight is {list(module.shape)}",
                fix="export the module again",
            )


def _possible(module: Module, stored: tuple[int, ...]) -> bool:
    """Whether a shape that nothing implies fills the same words and groups."""
    scheme, implied = module.scheme, module.expected and module.expected.tensors.get("weight")
    if implied or not isinstance(scheme, Scheme) or min(stored) < 1:
        return False
    sizes = (stored[0], stored[1])
    return all(
        module.tensors[slot.role].shape == scheme.expected_shape(slot, *sizes)
        for slot in scheme.slots[:2]
        if slot.role in module.tensors
    )
