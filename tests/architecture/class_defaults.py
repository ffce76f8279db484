"""Prints the defaults of transformers' config classes, as class_defaults.json holds them.

Only of settings that our sources name.
"""

import ast
import dataclasses
import json
import sys
from collections.abc import Iterator
from typing import Any

from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from release.architecture import FAMILIES
from release.architecture.defaults import DATA

READERS = (*DATA.parent.rglob("*.py"), *(DATA.parents[1] / "memory").glob("*.py"))
KEYS = ("text_config", "vision_config")
# A head that is not stated is not stored; tied() and dtype() ask two configs.
ELSEWHERE = {
    "num_nextn_predict_layers",
    "mtp_num_hidden_layers",
    "architectures",
    "dtype",
    "model_type",
    "tie_word_embeddings",
    "transformers_version",
}
# Whose class is on the Hub only.
SAME = {"kimi_k2": "deepseek_v3"}


def named_settings() -> set[str]:
    nodes = (node for path in READERS for node in ast.walk(ast.parse(path.read_text())))
    return {
        node.value for node in nodes if isinstance(node, ast.Constant) and type(node.value) is str
    }


def described(made: Any, known: set[str]) -> dict[str, Any]:
    """One config class."""
    names = {} if made.is_encoder_decoder else type(made).attribute_map
    kept = {other: name for other, name in names.items() if {other, name} & known}
    known = known | {*kept, *kept.values()}
    fields = {field.name: field.default for field in dataclasses.fields(made)}
    settings = {
        name: value
        for name, value in sorted(fields.items())
        if name in known and isinstance(value, int | float | str | tuple)
    }
    found: dict[str, Any] = {"settings": settings}
    parts = {key.partition("_")[0]: getattr(made, key, None) for key in KEYS}
    types = {part: each.model_type for part, each in parts.items() if each is not None}
    return found | ({"names": kept} if kept else {}) | types


def classes() -> Iterator[tuple[str, dict[str, Any]]]:
    known = named_settings() - ELSEWHERE
    for model_type in FAMILIES:
        kind = CONFIG_MAPPING[SAME.get(model_type, model_type)]
        keys = [key for key in KEYS if key in kind.sub_configs]
        made = kind(**{key: {} for key in keys})
        yield model_type, described(made, known)
        for each in (getattr(made, key) for key in keys):
            yield each.model_type, described(each, known)


def written() -> str:
    lines = (f'"{name}": {json.dumps(found)}' for name, found in sorted(dict(classes()).items()))
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    sys.stdout.write(written())
