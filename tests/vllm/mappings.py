"""Print what vLLM's own model classes say of names: which modules they fuse, how they rename.

Reads {architecture: [names of modules]} from the file that is named; prints for each its class's
`packed_modules_mapping` and the names as its `hf_to_vllm_mapper` has them, null without a class.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from vllm.model_executor.models.registry import _VLLM_MODELS


def class_of(architecture: str) -> Any:
    """Import the class that the registry has for an architecture."""
    if architecture not in _VLLM_MODELS:
        return None
    module, name = _VLLM_MODELS[architecture]
    full = module if module.startswith("vllm.") else f"vllm.model_executor.models.{module}"
    return getattr(import_module(full), name)


def main() -> None:
    """Print {architecture: {"class": name, "packed": {...}, "names": [...]} or null}."""
    answers: dict[str, Any] = {}
    for architecture, names in json.loads(Path(sys.argv[1]).read_text()).items():
        found = class_of(architecture)
        if found is None:
            answers[architecture] = None
            continue
        mapper = getattr(found, "hf_to_vllm_mapper", None)
        if mapper is not None:
            renames = mapper.get_rename_mapper()
            names = [renames._map_name(name) for name in names]  # noqa: SLF001, PLW2901
        packed = getattr(found, "packed_modules_mapping", {})
        answers[architecture] = {"class": found.__name__, "packed": packed, "names": names}
    sys.stdout.write(f"ANSWERS{json.dumps(answers)}\n")


main()
