"""The card claims what the checkpoint, or the GPU it names, does not have.

What it checks: multi-token prediction against the MTP head's tensors, images against a vision
    tower, that either was left out, native FP4 or FP8 on a named GPU against vLLM's kernels there,
    `trust_remote_code` against code in the files.
Why it matters: `--speculative-config` fails without the head; on GPUs before Blackwell FP4 is
    stored only and computed in 16 bits; readers who allow remote code for nothing will allow it
    again.
How to fix: leave the claim out, or say what really happens.
Seen in: "A100, H100: works out of the box with Blackwell FP4 acceleration"; MTP advertised for
    exports that lost it.
"""

from collections.abc import Iterator

from release.architecture import Architecture, ModelConfig
from release.audit.features import Feature, Features
from release.audit.page import Page
from release.facts.components import MTP, VISION
from release.facts.modules import Modules
from release.memory.gpus import native_kernels
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown


@rule(since="0.1.0", severity="warning")
def check(
    page: Page,
    features: Features,
    modules: Modules,
    config: ModelConfig,
    architecture: Architecture | Unknown,
) -> Findings:
    """Hold each claim against what is there."""
    parts = {module.component for module in modules}
    schemes = sorted({module.known_scheme.name for module in modules if module.known_scheme})
    reported: set[str] = set()
    for claim in features.claims:
        for what, fix, severity in _problems(claim, parts, schemes, config, architecture):
            if what not in reported:
                reported.add(what)
                yield Found(Where(file=page.name, line=claim.line), what, fix, severity=severity)


def _problems(
    claim: Feature,
    parts: set[str],
    schemes: list[str],
    config: ModelConfig,
    architecture: Architecture | Unknown,
) -> Iterator[tuple[str, str, str]]:
    if claim.kind == "mtp" and MTP not in parts and not isinstance(architecture, Unknown):
        yield (
            "claims multi-token prediction, there are no tensors of an MTP head",
            "leave it out",
            "error",
        )
    if claim.kind == "no mtp" and MTP in parts:
        yield "says that the MTP head is not there, its tensors are", "leave that out", "error"
    if claim.kind == "no vision" and VISION in parts:
        yield "says that the vision tower is not there, its tensors are", "leave that out", "error"
    if claim.kind == "vision" and VISION not in parts and config.vision is None:
        yield "claims images, there is no vision tower", "text-generation", "error"
    if (
        claim.kind == "remote code"
        and "auto_map" not in config.raw
        and not isinstance(architecture, Unknown)
    ):
        what = "trusts remote code, and there is none: transformers has the class itself"
        yield what, "leave trust_remote_code out", "warning"
    if claim.kind == "native":
        for machine in claim.machines:
            how = {scheme: native_kernels(scheme, machine.gpu) for scheme in schemes}
            other = [
                f"{scheme}: {text}"
                for scheme, text in how.items()
                if "weight-only" in text and "A16" not in scheme
            ]
            if other:
                yield (
                    f"on {machine.gpu.name} not all is native: {', '.join(other)}",
                    "say so",
                    "warning",
                )
