"""The child that asks compressed-tensors: does it take the declaration, and which group has what.

Order: `declaration` (quantization_config), `modules` (name -> Linear, Embedding or Module).
Answers: `refusal` (why it does not take it, or null), `claims` (name -> group).
"""

from typing import Any


def main() -> None:
    """Validate, then resolve every module."""
    from channel import begin, words
    from compressed_tensors.quantization import QuantizationConfig

    order, say = begin()
    try:
        config = QuantizationConfig.model_validate(order["declaration"])
    except Exception as error:  # noqa: BLE001 - whatever it raises is its verdict
        say(refusal=words(error))
        return
    say(refusal=None)
    say(claims=claims(config, order["modules"]))


def claims(config: Any, modules: dict[str, str]) -> dict[str, str]:
    """Resolve as apply_quantization_config does: targets of all groups, the best match first."""
    from compressed_tensors.utils.match import is_match, match_targets

    owner = {
        target: name for name, group in config.config_groups.items() for target in group.targets
    }
    ignore = config.ignore or []
    kinds = stand_ins()
    found = {}
    for name, kind in modules.items():
        matched = match_targets(name, kinds[kind], owner)
        if matched and not is_match(name, kinds[kind], ignore):
            found[name] = owner[matched[0]]
    return found


def stand_ins() -> dict[str, Any]:
    """A module of each class: it is matched by its class, never run."""
    import torch

    return {
        "Linear": torch.nn.Linear(1, 1, device="meta"),
        "Embedding": torch.nn.Embedding(1, 1, device="meta"),
        "Module": torch.nn.Module(),
    }


if __name__ == "__main__":
    main()
