"""The multi-token prediction head is declared and absent, or stored and not declared.

What it checks: where config.json declares MTP layers (mtp_num_hidden_layers,
    num_nextn_predict_layers), tensors for them are stored, for no more layers than that, and the
    reverse; no module of the head is missing, where we know of what the family's consists.
Why it matters: the model itself is unharmed, but speculative decoding starts from random weights
    and accepts no draft token.
How to fix: copy the MTP tensors from the base model, or set the number of MTP layers to 0.
Seen in: vllm #35548 (acceptance 0); llm-compressor #2951 (the head is not copied).
"""

from release.architecture import Architecture, ModelConfig
from release.facts.absences import LONGEST_ID, Absences
from release.facts.components import MTP
from release.facts.modules import Modules
from release.rules import Findings, Found, Where, in_config, rule

KEYS = ("mtp_num_hidden_layers", "num_mtp_layers", "num_nextn_predict_layers")


@rule(since="0.1.0", severity="warning")
def check(
    config: ModelConfig,
    architecture: Architecture,
    absences: Absences,
    modules: Modules,
    mtp_gaps: tuple[str, ...],
) -> Findings:
    """Compare the declared head with the stored one, under either of its two names."""
    declared = {key: count for key in KEYS if (count := _count(config.get(key)))}
    extra_layer = f"{absences.stack or architecture.stack}.{architecture.layers}."
    stored = next(
        (m.name for m in modules if m.component == MTP or m.name.startswith(extra_layer)), None
    )
    if declared and stored is None:
        key, count = next(iter(declared.items()))
        yield Found(
            where=in_config(f"{config.text_path if key in config.text else ''}{key}"),
            message=f"{key} is {count}, and no MTP tensor is stored",
            fix=f"copy the head from the base model, or set {key} to 0",
        )
    for name in mtp_gaps:
        what = "is missing from the MTP head, which is stored otherwise"
        yield Found(Where(module=name), what, "copy the head from the base model")
    yield from _surplus(architecture, modules)
    head = next((m.name for m in modules if m.component == MTP), None)
    if not declared and head is not None:
        yield Found(
            where=Where(module=head),
            message="an MTP head is stored, and no key of config.json declares one",
            fix=f"set the number of its layers ({KEYS[0]}), or remove the head",
        )


def _surplus(architecture: Architecture, modules: Modules) -> Findings:
    """Layers of a head of its own beyond the declared number; C104 has those of the stack."""
    start = f"{architecture.mtp}layers."
    numbers = {m.name.removeprefix(start).partition(".")[0] for m in modules if start in m.name}
    for number in sorted(int(n) for n in numbers if n.isdecimal() and len(n) < LONGEST_ID):
        if 0 < architecture.mtp_layers <= number:
            what = f"is stored; the MTP head is declared with {architecture.mtp_layers} layers"
            yield Found(Where(module=f"{start}{number}"), what, "correct the number, or remove it")


def _count(value: object) -> int:
    return value if type(value) is int and value > 0 else 0
