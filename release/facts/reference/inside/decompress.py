"""The child that asks compressed-tensors: what does it make of stored weights.

Order: `folder`, `declaration` (quantization_config), `weights` (name -> `group`, and `files`: role
-> file). Answers, by name: `refusal` (why it cannot), or `shape`, `dtype`, `largest` and `total`
(of the magnitudes).
"""

from pathlib import Path
from typing import Any

NO_FORMAT = {None, "mixed-precision", "dense", "fakequant"}


def main() -> None:
    """Decompress each weight by the declaration, as the package does when it loads a model."""
    from channel import begin, words
    from compressed_tensors.quantization import QuantizationConfig

    order, say = begin()
    config = QuantizationConfig.model_validate(order["declaration"])
    for name, weight in order["weights"].items():
        try:
            state = read(Path(order["folder"]), name, weight["files"])
            made = decompress(config, config.config_groups[weight["group"]], state)
            say(**{name: described(made)})
        except Exception as error:  # noqa: BLE001 - whatever it raises is its verdict
            say(**{name: {"refusal": words(error, order["folder"])}})


def read(folder: Path, module: str, files: dict[str, str]) -> dict[str, Any]:
    """The tensors of a module, by role."""
    from safetensors import safe_open

    state = {}
    for role, file in files.items():
        with safe_open(folder / file, framework="pt") as shard:
            state[role] = shard.get_tensor(f"{module}.{role}")
    return state


def decompress(config: Any, scheme: Any, state: dict[str, Any]) -> Any:
    """The weight in floats."""
    import torch
    from compressed_tensors.compressors import BaseCompressor

    form = next((f for f in map(text, (scheme.format, config.format)) if f not in NO_FORMAT), None)
    try:
        from compressed_tensors.compressors.format import infer_module_format
    except ImportError:  # until compressed-tensors 0.14
        old = BaseCompressor.load_from_registry(form)
        return old.decompress_weight(compressed_data=state, quantization_args=scheme.weights)
    form = form or text(infer_module_format(torch.nn.Linear, scheme))
    return BaseCompressor.get_value_from_registry(form).decompress(state, scheme)["weight"]


def text(value: Any) -> str | None:
    """A format's name, be it a member of their enumeration or a text."""
    return value if value is None else str(getattr(value, "value", value))


def described(weight: Any) -> dict[str, Any]:
    """Its shape, and two numbers that no other weight has."""
    magnitudes = weight.double().abs()
    return {
        "shape": list(weight.shape),
        "dtype": str(weight.dtype).removeprefix("torch."),
        "largest": float(magnitudes.max()),
        "total": float(magnitudes.sum()),
    }


if __name__ == "__main__":
    main()
