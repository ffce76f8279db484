"""The modules that a config implies: names, kinds, shapes. Built by the rooms beside it."""

from collections.abc import Iterator

import msgspec

Shape = tuple[int, ...]

LINEAR, EMBEDDING, NORM, CONV, VECTOR = "linear", "embedding", "norm", "conv", "vector"


class Expected(msgspec.Struct, frozen=True):
    """A module the config implies: `tensors` maps each role to its unquantized shape.

    `float_only` marks a Linear-shaped module that is never quantized (routers, small gates).
    """

    kind: str
    tensors: dict[str, Shape]
    float_only: bool = False


Skeleton = Iterator[tuple[str, Expected]]


def linear(
    name: str, out: int, columns: int, *, bias: bool = False, float_only: bool = False
) -> Skeleton:
    """A Linear with weight (out, columns) and, if `bias`, bias (out,)."""
    tensors: dict[str, Shape] = {"weight": (out, columns)}
    if bias:
        tensors["bias"] = (out,)
    yield name, Expected(LINEAR, tensors, float_only)


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
