"""Let torchvision import beside a torch build for CPUs: declare the operators it asks for.

On PYTHONPATH of every process of the tests' vLLM, its children too. Only the operators' schemas
exist: calling one fails.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

OPERATORS = ("nms", "qnms")
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


class DeclareOperators(importlib.abc.MetaPathFinder):
    """Declares them when torchvision is first looked for, then finds nothing any more."""

    library: Any = None

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if name == "torchvision":
            sys.meta_path.remove(self)
            torch = importlib.import_module("torch")
            # Held by the class: an operator lives as long as the library object.
            DeclareOperators.library = torch.library.Library("torchvision", "DEF")
            for operator in OPERATORS:
                DeclareOperators.library.define(f"{operator}{SCHEMA}")
        return None


sys.meta_path.insert(0, DeclareOperators())
