"""compressed-tensors' own reading of quantization_config."""

import msgspec

from release.architecture import ModelConfig
from release.facts.modules import CLASSES, Modules
from release.facts.reference import Reference, ask
from release.quantization.config import QuantizationConfig, find_quantization
from release.unknown import Unknown

Claims = dict[str, str]


class TheirDeclaration(msgspec.Struct, frozen=True):
    """What compressed-tensors makes of it: why it refuses it, else the group of each module."""

    source: str
    refusal: str | None = None
    claims: Claims | Unknown = {}


def provide_their_declaration(
    config: ModelConfig,
    quantization: QuantizationConfig,
    modules: Modules,
    reference: Reference,
) -> TheirDeclaration | Unknown:
    """Ask it, where anything is declared; `modules` go by the class that we think they have."""
    found = find_quantization(config.raw)
    source = reference.named("compressed-tensors")
    if not quantization.path or found is None:
        return TheirDeclaration(source)
    kinds = {
        m.name: "Module" if m.float_only or m.kind not in CLASSES else CLASSES[m.kind][0]
        for m in modules
    }
    answers = ask(reference, "declare", {"declaration": found[1], "modules": kinds})
    unable = Unknown(f"compressed-tensors was asked and {answers.get('unable')}")
    if "refusal" not in answers:
        return unable
    claims = answers.get("claims", {} if answers["refusal"] else unable)
    return TheirDeclaration(source, answers["refusal"], claims)


def provide_their_claims(their_declaration: TheirDeclaration) -> Claims | Unknown:
    """Give the group of each module that has one."""
    return their_declaration.claims
