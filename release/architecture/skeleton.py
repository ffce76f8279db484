"""The modules that a config implies: names, kinds, shapes. Built by the rooms beside it."""

from collections.abc import Container, Iterable, Iterator

import msgspec

Shape = tuple[int, ...]

LINEAR, EMBEDDING, NORM, CONV, VECTOR = "linear", "embedding", "norm", "conv", "vector"
ROUTERS = {"gate", "router", "shared_expert_gate"}  # what they are called where nothing says it


class Expected(msgspec.Struct, frozen=True):
    """A module the config implies: `tensors` maps each role to its unquantized shape.

    `float_only` marks a Linear-shaped module that is never quantized (routers, small gates).
    """

    kind: str
    tensors: dict[str, Shape]
    float_only: bool = False


class Experts(msgspec.Struct, frozen=True):
    """The routed experts of one block, in the forms that checkpoints store them in.

    `projections` are the modules of each single expert, by the name llm-compressor gives them.
    `spelling` maps these to the names of the original release (w1, w2, w3), where it has others.
    `fused` are the modules of the form that holds all experts in a few 3-D tensors.
    """

    count: int
    projections: dict[str, Expected]
    spelling: dict[str, str]
    fused: dict[str, Expected]

    def settle(self, name: str, stored: Container[str]) -> Iterable[tuple[str, Expected]]:
        """Choose the form of `name` that is stored; with none of them, that of llm-compressor."""
        if any(fused in stored for fused in self.fused):
            return self.fused.items()
        first = next(iter(self.spelling.values()), None)
        respelled = first is not None and any(
            f"{name}.{expert}.{first}" in stored for expert in range(self.count)
        )
        projections = [
            (self.spelling[projection] if respelled else projection, expected)
            for projection, expected in self.projections.items()
        ]
        return (
            (f"{name}.{expert}.{projection}", expected)
            for expert in range(self.count)
            for projection, expected in projections
        )


Skeleton = Iterator[tuple[str, Expected | Experts]]


def matrix(out: int, columns: int, *, bias: bool = False) -> Expected:
    """What `linear` yields, without a name."""
    tensors: dict[str, Shape] = {"weight": (out, columns)}
    if bias:
        tensors["bias"] = (out,)
    return Expected(LINEAR, tensors)


def linear(name: str, out: int, columns: int, *, bias: bool = False) -> Skeleton:
    """A Linear with weight (out, columns) and, if `bias`, bias (out,)."""
    yield name, matrix(out, columns, bias=bias)


def router(name: str, out: int, columns: int, **others: Shape) -> Skeleton:
    """A Linear that is never quantized: it chooses experts or opens a gate."""
    yield name, Expected(LINEAR, {"weight": (out, columns), **others}, float_only=True)


def embedding(name: str, rows: int, columns: int) -> Skeleton:
    """An Embedding with weight (rows, columns)."""
    yield name, Expected(EMBEDDING, {"weight": (rows, columns)})


def norm(name: str, width: int, *, bias: bool = False) -> Skeleton:
    """A norm with weight (width,) and, if `bias`, bias (width,)."""
    tensors: dict[str, Shape] = {"weight": (width,)}
    if bias:
        tensors["bias"] = (width,)
    yield name, Expected(NORM, tensors)


def vectors(name: str, **shapes: Shape) -> Skeleton:
    """Parameters that a module holds itself, such as A_log."""
    yield name, Expected(VECTOR, dict(shapes))
