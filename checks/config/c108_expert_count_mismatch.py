"""The stored experts are not the ones that config.json counts.

What it checks: every mixture-of-experts block holds the experts 0 to E - 1, each of them and no
    other, and a layer is sparse or dense as the config says (decoder_sparse_step, mlp_only_layers).
Why it matters: an expert that is missing keeps uninitialised memory, and nothing shows until a
    token is routed to it.
How to fix: correct the expert count, or export the experts that are missing.
Seen in: vllm #45212, NaN only for prompts that reach one expert.
"""

from release.architecture import Architecture, ModelConfig
from release.architecture.numbering import EXPERTS
from release.facts.absences import Absences, expert_ids
from release.facts.modules import Modules
from release.rules import Findings, Found, Where, in_config, rule

KEYS = ("num_experts", "num_local_experts", "n_routed_experts")


@rule(since="0.1.0")
def check(
    config: ModelConfig, architecture: Architecture, absences: Absences, modules: Modules
) -> Findings:
    """Compare the ids of every block; one finding where all blocks differ alike."""
    expected = expert_ids(architecture.modules)
    stored = expert_ids(modules.items)
    missing = expert_ids(absences.experts)
    extra = {block: ids - expected[block] for block, ids in stored.items() if block in expected}
    differ = [(missing.get(block, set()), extra.get(block, set())) for block in expected]
    alike = bool(differ) and any(differ[0]) and all(pair == differ[0] for pair in differ)
    if alike and all(_gapless(stored.get(block, set())) for block in expected):
        key = next((key for key in KEYS if config.get(key) is not None), KEYS[0])
        counts = {len(stored[block]) for block in expected}
        yield Found(
            where=in_config(f"{config.text_path}{key}"),
            message=f"{key} is {config.get(key)}, every block stores {max(counts)} experts",
            fix=f"set {key} to {max(counts)}, or export the experts again",
        )
        return
    for block in expected:
        if missing.get(block) or extra.get(block):
            yield _found(block, missing.get(block, set()), extra.get(block, set()))
    yield from _wrong_kind(absences)


def _gapless(ids: set[str]) -> bool:
    return bool(ids) and ids == {str(number) for number in range(len(ids))}


def _found(block: str, missing: set[str], extra: set[str]) -> Found:
    parts = []
    if missing:
        parts.append(f"{len(missing)} experts are missing, the first is {min(missing, key=int)}")
    if extra:
        parts.append(f"{len(extra)} are too many, the first is {min(extra, key=int)}")
    return Found(
        where=Where(module=f"{block}.experts"),
        message="; ".join(parts),
        fix="export the block again, or correct the expert count",
    )


def _wrong_kind(absences: Absences) -> Findings:
    dense = [name for name in absences.experts if EXPERTS not in name]
    for block in dict.fromkeys(name.rpartition(".")[0] for name in dense):
        yield Found(
            where=Where(module=block),
            message="the config makes this layer dense, experts are stored",
            fix="restore decoder_sparse_step and mlp_only_layers from the base model's config",
        )
