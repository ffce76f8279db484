"""Compare all pairs: threads over tensors, each tensor a range of rows at a time."""

import math
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import msgspec
import numpy as np

from release.architecture.numbering import layer_of
from release.checkpoint import TensorInfo
from release.comparison.causes import cause_of
from release.comparison.floors import floors_of
from release.comparison.ideal import (
    RELATIVE,
    measure_ideal,
    relieved,
    usual_row,
)
from release.comparison.measure import measure
from release.comparison.pairing import View
from release.comparison.plain import compare
from release.comparison.results import Cause, Compared, Difference, Measure
from release.comparison.search import cosine, sample
from release.comparison.views import Matrix, Source, Unreadable
from release.quantization.decoding import Decoder, Undecodable
from release.quantization.schemes import Scheme

Item = TypeVar("Item")
Result = TypeVar("Result")

REMOTE_THREADS = 6
"""Threads where most of the time is spent waiting for bytes from elsewhere."""

FEW = 0.25
"""Share of a layer's weights that may be odd among the others."""


class Weight(msgspec.Struct, frozen=True):
    """A quantized weight to compare: logical shape, scheme, tensors by role, and its views."""

    module: str
    shape: tuple[int, int]
    scheme: Scheme
    tensors: dict[str, TensorInfo]
    views: tuple[View, ...]


class Plain(msgspec.Struct, frozen=True):
    """A tensor to compare that is not quantized."""

    tensor: str
    info: TensorInfo
    views: tuple[View, ...]


class Comparer:
    """Both checkpoints, open for reading, and what of them is compared.

    `moved`: the method moves weights on purpose. What cannot be compared is in `reasons`, by name.
    """

    def __init__(
        self,
        ours: Source,
        base: Source,
        weights: Mapping[str, Weight],
        plains: Mapping[str, Plain],
        *,
        moved: bool,
        threads: int | None = None,
    ) -> None:
        self.ours, self.base, self.moved = ours, base, moved
        self.weights, self.plains = weights, plains
        self.reasons: dict[str, str] = {}
        waits = ours.remote or base.remote
        self._threads = threads or max(os.cpu_count() or 1, REMOTE_THREADS if waits else 1)
        self._chosen: dict[str, View] = {}

    def compare_weights(self) -> list[Compared]:
        """Measure every quantized weight and name the cause of what is wrong with it."""
        found = self.in_threads(
            self._measured, self.weights.values(), lambda w: w.shape[0] * w.shape[1]
        )
        return [item for item in found if item is not None]

    def settle(self, compared: list[Compared]) -> list[Compared]:
        """Hold to plain rounding, where no recipe says more, what lies among plainly rounded.

        Methods that move weights move those of a whole layer.
        """
        layers: dict[tuple[str, str], list[Compared]] = {}
        for item in compared:
            layers.setdefault((item.scheme, layer_of(item.module)), []).append(item)
        odd = {
            item.module
            for items in layers.values()
            if len(off := [item for item in items if self._is_moved(item)]) <= FEW * len(items)
            for item in off
        }
        return self.in_threads(
            lambda item: self._settled(item) if item.module in odd else item,
            compared,
            lambda item: item.measure.elements,
        )

    def compare_plains(self) -> list[Difference]:
        """Compare every tensor that is not quantized."""
        found = self.in_threads(self._compared, self.plains.values(), lambda p: p.info.elements)
        return [item for item in found if item is not None]

    def view(self, name: str, views: tuple[View, ...], decoder: Decoder | None = None) -> View:
        """Choose the form in which the base holds a weight: the most like, if there are several.

        Raises `Undecodable`, `Unreadable`.
        """
        if len(views) == 1:
            return views[0]
        if name not in self._chosen:
            ours = sample(decoder or self.decoder(self.weights[name])).values

            def likeness(view: View) -> float:
                return cosine(ours, Matrix(view, self.base).read(0, len(ours)))

            self._chosen[name] = max(views, key=likeness)
        return self._chosen[name]

    def in_threads(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        size: Callable[[Item], int],
    ) -> list[Result]:
        """Call `function` for every item, the largest first so that none is left for last alone.

        The answers are in the order of the items. numpy releases the interpreter lock.
        """
        ordered = list(items)
        # Whatever is stored is judged, and nobody is warned of NaN on the way.
        pool = ThreadPoolExecutor(self._threads, initializer=partial(np.seterr, all="ignore"))
        try:
            biggest_first = sorted(range(len(ordered)), key=lambda i: -size(ordered[i]))
            futures = {i: pool.submit(function, ordered[i]) for i in biggest_first}
            return [futures[i].result() for i in range(len(ordered))]
        except BaseException:
            self.ours.stopped = True  # a tensor under way ends at its next piece
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def decoder(self, weight: Weight) -> Decoder:
        """Open one of our weights. Raises `Undecodable`."""
        return Decoder(weight.scheme, weight.shape, weight.tensors, self.ours.read)

    def judge(
        self,
        weight: Weight,
        decoder: Decoder,
        base: Matrix,
        *,
        fitted: bool = False,
        moved: bool | None = None,
    ) -> tuple[Measure, Cause]:
        """Measure a weight against a matrix of the base, `fitted` to it by factors."""
        moved = self.moved if moved is None else moved
        floors = floors_of(weight.scheme, fitted=fitted)
        found = measure(decoder, base, floors)
        estimated = fitted or type(base) is not Matrix or base.rounded
        cause = cause_of(found, floors, moved=moved, estimated=estimated)
        if cause in RELATIVE:
            ideal = measure_ideal(decoder, base, floors)
            found, floors = relieved(found, floors, ideal, moved=moved)
            seen = usual_row(found, floors, decoder, base) if moved else found
            cause = cause_of(seen, floors, moved=moved, estimated=estimated)
        return found, cause

    def matrix(self, name: str) -> Matrix:
        """Open the base's form of a weight. Raises `Undecodable`, `Unreadable`."""
        return Matrix(self.view(name, self.weights[name].views), self.base)

    def _measured(self, weight: Weight) -> Compared | None:
        try:
            decoder = self.decoder(weight)
            view = self.view(weight.module, weight.views, decoder)
            found, cause = self.judge(weight, decoder, Matrix(view, self.base))
        except (Undecodable, Unreadable) as problem:
            self.reasons[weight.module] = str(problem)
            return None
        if math.isnan(found.cosine):
            self.reasons[weight.module] = "it holds NaN or infinity"  # which the V rules name
            return None
        return Compared(weight.module, weight.scheme.name, words(view), found, cause)

    def _is_moved(self, item: Compared) -> bool:
        scheme = self.weights[item.module].scheme
        return item.measure.exact < floors_of(scheme, fitted=False).typical

    def _settled(self, item: Compared) -> Compared:
        weight = self.weights[item.module]
        base = self.matrix(item.module)
        if base.rounded:  # and ours may have been made from what was there before
            return item
        found, cause = self.judge(weight, self.decoder(weight), base, moved=False)
        return msgspec.structs.replace(item, measure=found, cause=cause)

    def _compared(self, plain: Plain) -> Difference | None:
        try:
            found = [
                (view, compare(plain.info, self.ours, Matrix(view, self.base)))
                for view in plain.views
            ]
        except Unreadable as problem:
            self.reasons[plain.tensor] = str(problem)
            return None
        view, likeness = min(found, key=lambda pair: pair[1].differing)
        return Difference(plain.tensor, words(view), likeness)


def words(view: View) -> str:
    """A view in words: the base's tensors, as numpy would index them."""
    return " + ".join(map(str, view))
