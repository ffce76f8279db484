"""The child that asks transformers: which tensors does the class have that config.json names.

Order: `folder`. Answers: `unable` or `refusal`, or `released` and `linear` (tensor -> shape as
save_pretrained writes them: with experts as the class holds them, and with a matrix for each
expert as llm-compressor holds them), `kinds` (module -> Linear, Embedding or Module), `tied`,
`layers`, `ignored` (patterns of stored tensors that the class does not load).
"""

import warnings
from typing import Any

Shape = list[int]
# It does not know the model, or only by code of the checkpoint: no verdict on it.
STRANGE = ("trust_remote_code", "does not recognize this architecture", "Unrecognized model")
CUT = {"gate_up_proj", "up_proj", "down_proj"}


def main() -> None:
    """Build the model on the meta device, where it takes no memory."""
    from channel import begin, words

    order, say = begin()
    import torch
    import transformers

    warnings.simplefilter("ignore")
    folder = order["folder"]
    try:
        config = transformers.AutoConfig.from_pretrained(
            folder, trust_remote_code=False, local_files_only=True
        )
    except Exception as error:  # noqa: BLE001 - whatever it raises is its verdict
        said = words(error, folder)
        strange = any(phrase in said for phrase in STRANGE)
        say(**{"unable" if strange else "refusal": said})
        return
    names = config.architectures or [""]
    made = getattr(transformers, str(names[0]), None)
    if not (isinstance(made, type) and issubclass(made, transformers.PreTrainedModel)):
        say(unable=f"transformers {transformers.__version__} has no class {str(names[0])[:60]!r}")
        return
    try:
        with torch.device("meta"):
            model = made(config)
    except Exception as error:  # noqa: BLE001
        say(refusal=words(error, folder))
        return
    say(refusal=None, released=saved(model, linear_experts=False))
    say(linear=saved(model, linear_experts=True))
    say(**description(model, config))


def description(model: Any, config: Any) -> dict[str, Any]:
    """What is needed beside names and shapes."""
    import torch

    kinds = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            kinds[name] = "Linear"
        elif isinstance(module, torch.nn.Embedding):
            kinds[name] = "Embedding"
        elif next(module.parameters(recurse=False), None) is not None:
            kinds[name] = "Module"
    return {
        "kinds": kinds,
        "tied": bool(getattr(model, "all_tied_weights_keys", None)),
        "layers": getattr(config.get_text_config(), "num_hidden_layers", None),
        "ignored": list(getattr(model, "_keys_to_ignore_on_load_unexpected", None) or ()),
    }


def saved(model: Any, *, linear_experts: bool) -> dict[str, Shape]:
    """The shape of every tensor that save_pretrained would write."""
    from transformers.core_model_loading import revert_weight_conversion

    tied = model.all_tied_weights_keys or {}
    state = {name: tensor for name, tensor in model.state_dict().items() if name not in tied}
    if linear_experts:
        state = cut_experts(model, state)
    written = revert_weight_conversion(model, state)
    return {name: list(tensor.shape) for name, tensor in written.items()}


def cut_experts(model: Any, state: dict[str, Any]) -> dict[str, Any]:
    """Give every expert its own matrices, as llm-compressor's LinearExperts2D has them."""
    cut: dict[str, Any] = {}
    modules = dict(model.named_modules())
    for name, tensor in state.items():
        block, _, leaf = name.rpartition(".")
        projection, bias = leaf.removesuffix("_bias"), leaf.endswith("_bias")
        if not block.endswith("experts") or projection not in CUT:
            cut[name] = tensor
            continue
        llama4 = type(modules[block]).__name__ == "Llama4TextExperts"
        transposed = getattr(modules[block], "is_transposed", llama4) and not bias
        for index, whole in enumerate(tensor):
            matrix = whole.T if transposed else whole
            parts = {projection: matrix}
            if projection == "gate_up_proj":
                parts = dict(zip(("gate_proj", "up_proj"), matrix.chunk(2), strict=True))
            for part, piece in parts.items():
                cut[f"{block}.{index}.{part}.{'bias' if bias else 'weight'}"] = piece
    return cut


if __name__ == "__main__":
    main()
