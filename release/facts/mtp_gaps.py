"""Modules that a stored multi-token prediction head lacks."""

from collections.abc import Container, Iterator

from release.architecture import Architecture
from release.architecture.numbering import EXPERTS
from release.facts.modules import Modules

MIXER = "self_attn"


def provide_mtp_gaps(
    architecture: Architecture, modules: Modules, wrapper: str | None
) -> tuple[str, ...]:
    """Name them, where a part of the head is there; its layers are like the last with attention.

    A layer of the head of which nothing is stored is one name. Experts in one tensor are not asked
    for one by one. Empty where we do not know what the family's head consists of, and where names
    are a wrapper's.
    """
    prefix = architecture.mtp
    if prefix is None or not architecture.mtp_parts or wrapper is not None:
        return ()
    stored = modules.items
    if not any(name.startswith(prefix) for name in stored):
        return ()
    apart = prefix == "mtp."
    layer = _last_with_attention(architecture)
    gaps = [f"{prefix}{part}" for part in architecture.mtp_parts] if apart else []
    for number in range(architecture.mtp_layers):
        place = f"{prefix}layers.{number}" if apart else _layer(architecture, number)
        if not any(name.startswith(f"{place}.") for name in stored):
            gaps.append(place)
            continue
        gaps += [f"{place}.{part}" for part in (() if apart else architecture.mtp_parts)]
        gaps += [f"{place}.{part}" for part in layer if not _is_fused(f"{place}.{part}", stored)]
    return tuple(name for name in gaps if name not in stored)


def _layer(architecture: Architecture, number: int) -> str:
    return f"{architecture.stack}.{architecture.layers + number}"


def _last_with_attention(architecture: Architecture) -> list[str]:
    """The parts of the last layer of the main stack that has softmax attention."""
    for number in reversed(range(architecture.layers)):
        parts = list(_parts(architecture, f"{architecture.stack}.{number}."))
        if any(part.startswith(f"{MIXER}.") for part in parts):
            return parts
    return []


def _parts(architecture: Architecture, prefix: str) -> Iterator[str]:
    return (m.removeprefix(prefix) for m in architecture.modules if m.startswith(prefix))


def _is_fused(name: str, stored: Container[str]) -> bool:
    block, found, _ = name.partition(EXPERTS)
    return bool(found) and f"{block}.experts" in stored
