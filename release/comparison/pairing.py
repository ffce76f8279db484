"""Which tensor of the base, or which part of one, a tensor of ours was made from. Names only."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from release.comparison.names import canonical

Shape = tuple[int, ...]

HEAD, EMBEDDINGS = "lm_head.weight", "embed_tokens.weight"
MATRIX = 2

# The one module that holds several, and its parts in the order of their rows.
JOINED = {
    "gate_up_proj": ("gate_proj", "up_proj"),
    "qkv_proj": ("q_proj", "k_proj", "v_proj"),
}
_EXPERT = re.compile(r"(.*)\.experts\.(\d+)\.(gate_proj|up_proj|down_proj)\.(weight|bias)")

# An expert's projection -> the 3-D tensors that hold all of them, by the words of their releases.
_FUSED = {
    "gate_proj": ("experts.gate_up_proj", "input_linear.weight"),
    "up_proj": ("experts.gate_up_proj", "input_linear.weight"),
    "down_proj": ("experts.down_proj", "output_linear.weight"),
}


class Wanted(msgspec.Struct, frozen=True):
    """A tensor of ours by its logical shape; `slack` are columns that packing may have added."""

    shape: Shape
    slack: int = 0

    def fits(self, shape: Shape) -> bool:
        """Whether a tensor of this shape can be stored as ours is."""
        if not self.slack or len(shape) != len(self.shape):
            return shape == self.shape
        padding = self.shape[-1] - shape[-1]
        return shape[:-1] == self.shape[:-1] and 0 <= padding < self.slack


class Slab(msgspec.Struct, frozen=True):
    """Rows of a tensor: `start`, `stop` and `step` count rows of the matrix as we hold it.

    `expert` is the index into the first dimension of a 3-D tensor, `transposed` says that its
    matrices lie (in, out). Without rows it is the tensor as it is, of any shape.
    """

    tensor: str
    start: int = 0
    stop: int | None = None
    step: int = 1
    expert: int | None = None
    transposed: bool = False

    def __str__(self) -> str:
        """As numpy would index it."""
        if self.stop is None and self.expert is None:
            return self.tensor
        step = f":{self.step}" if self.step > 1 else ""
        rows = f"{self.start}:{'' if self.stop is None else self.stop}{step}"
        axes = [] if self.expert is None else [str(self.expert)]
        return f"{self.tensor}[{', '.join([*axes, *([':'] if self.transposed else []), rows])}]"


View = tuple[Slab, ...]
"""A matrix of the base, as rows of one tensor or of several one below the other."""


class Pairing(msgspec.Struct, frozen=True):
    """What belongs together.

    `views` maps our tensors to the forms in which the base may hold them: more than one where
    shapes alone do not tell. `shapes` are those that have a counterpart of another shape, `alone`
    those without any, `left` the base's tensors that none of ours was made from.
    """

    views: dict[str, tuple[View, ...]]
    shapes: dict[str, Shape]
    alone: tuple[str, ...]
    left: tuple[str, ...]


def pair(ours: Mapping[str, Wanted], theirs: Mapping[str, Shape]) -> Pairing:
    """Pair tensors by name, renamed, tied, cut out of fused ones or put together."""
    names = _by_canonical_name(theirs)
    siblings = {canonical(name): wanted for name, wanted in ours.items()}
    views: dict[str, tuple[View, ...]] = {}
    shapes: dict[str, Shape] = {}
    alone: list[str] = []
    used: set[str] = set()
    for name, wanted in ours.items():
        plain = canonical(name)
        same = name if name in theirs else names.get(plain)
        if same is None and plain == HEAD:
            same = names.get(EMBEDDINGS)
        if same is not None:
            used.add(same)
            if wanted.fits(theirs[same]):
                views[name] = ((Slab(same),),)
            else:
                shapes[name] = theirs[same]
            continue
        others = [*_of_fused(plain, wanted, names, theirs), *_of_joined(plain, siblings, names)]
        others += _of_parts(plain, names, theirs)
        found = [view for view in others if wanted.fits(view_shape(view, theirs))]
        used.update(slab.tensor for view in others for slab in view)
        if found:
            views[name] = tuple(found)
        elif others:
            shapes[name] = theirs[others[0][0].tensor]
        else:
            alone.append(name)
    return Pairing(views, shapes, tuple(alone), tuple(n for n in theirs if n not in used))


def _by_canonical_name(theirs: Mapping[str, Shape]) -> dict[str, str]:
    names: dict[str, str] = {}
    ambiguous = set()
    for name in theirs:
        plain = canonical(name)
        if plain in names:
            ambiguous.add(plain)
        names[plain] = name
    return {plain: name for plain, name in names.items() if plain not in ambiguous}


def _of_fused(
    plain: str, wanted: Wanted, names: Mapping[str, str], theirs: Mapping[str, Shape]
) -> Iterator[View]:
    """The expert's slice of a 3-D tensor, in each layout that its shape allows."""
    match = _EXPERT.fullmatch(plain)
    if match is None:
        return
    block, expert, projection, role = match[1], int(match[2]), match[3], match[4]
    suffix = "_bias" if role == "bias" else ""
    for fused in _FUSED[projection]:
        tensor = names.get(f"{block}.{fused}{suffix}")
        shape = theirs[tensor] if tensor is not None else ()
        if tensor is None or len(shape) != len(wanted.shape) + 1 or expert >= shape[0]:
            continue
        for transposed in (False, True) if len(shape) > MATRIX else (False,):
            rows = shape[-1] if transposed or len(shape) == MATRIX else shape[1]
            biased = f"{block}.experts.gate_up_proj_bias" in names
            for start, stop, step in _halves(projection, rows, interleaved=biased):
                yield (Slab(tensor, start, stop, step, expert, transposed),)


def _halves(projection: str, rows: int, *, interleaved: bool) -> Iterator[tuple[int, int, int]]:
    """The rows of a projection in gate_up_proj: one half, or every other row as in gpt-oss.

    `interleaved`: it is gpt-oss, which alone has biases there.
    """
    if projection == "down_proj":
        yield 0, rows, 1
        return
    first = projection == "gate_proj"
    if not interleaved:
        yield (0, rows // 2, 1) if first else (rows // 2, rows, 1)
    yield (0, rows, 2) if first else (1, rows, 2)


def _of_joined(
    plain: str, siblings: Mapping[str, Wanted], names: Mapping[str, str]
) -> Iterator[View]:
    """Our part of a module that the base joins: Phi-3's qkv_proj, gate_up_proj."""
    module, _, role = plain.rpartition(".")
    block, _, part = module.rpartition(".")
    for joined, parts in JOINED.items():
        tensor = names.get(f"{block}.{joined}.{role}")
        if part not in parts or tensor is None:
            continue
        heights = [siblings[f"{block}.{p}.{role}"].shape[0] for p in parts[: parts.index(part)]
                   if f"{block}.{p}.{role}" in siblings]  # fmt: skip
        if len(heights) == parts.index(part):
            start = sum(heights)
            yield (Slab(tensor, start, start + siblings[plain].shape[0]),)


def _of_parts(plain: str, names: Mapping[str, str], theirs: Mapping[str, Shape]) -> Iterator[View]:
    """The parts of a module that we join and the base does not."""
    module, _, role = plain.rpartition(".")
    block, _, joined = module.rpartition(".")
    found = [names.get(f"{block}.{part}.{role}") for part in JOINED.get(joined, ())]
    tensors = [tensor for tensor in found if tensor is not None]
    if found and len(tensors) == len(found):
        yield tuple(Slab(tensor, 0, theirs[tensor][0]) for tensor in tensors)


def view_shape(view: View, theirs: Mapping[str, Shape]) -> Shape:
    """The shape of a view, () where the base's tensor has no such rows."""
    rows = 0
    rest: Shape = ()
    for slab in view:
        shape = theirs[slab.tensor] if slab.expert is None else theirs[slab.tensor][1:]
        if slab.transposed:
            shape = shape[::-1]
        if not shape or (slab.stop is not None and slab.stop > shape[0]):
            return ()
        rows += len(range(slab.start, shape[0] if slab.stop is None else slab.stop, slab.step))
        rest = shape[1:]
    return (rows, *rest)
