"""An unquantized tensor has another float dtype than its like.

What it checks: weights and biases that are not quantized have one dtype in all layers, and Linear
    and Embedding weights that of the model. Parameters that are F32 in every layer (A_log,
    e_score_correction_bias, norms, routers) are meant so, and towers may have a dtype of their own.
Why it matters: engines cast the tensor at load: F16 overflows above 65,504, BF16 drops bits, and
    F32 doubles what is kept on disk.
How to fix: save the tensor in the model's dtype.
Seen in: checkpoints whose layers were merged from two exports.
"""

from collections import Counter, defaultdict

from release.architecture import ModelConfig
from release.architecture.numbering import pattern_of
from release.architecture.skeleton import EMBEDDING, LINEAR, NORM, VECTOR
from release.facts.absences import TOWERS
from release.facts.components import MTP
from release.facts.modules import Module, Modules
from release.quantization.schemes import CACHE_SCALES, COMPANIONS, FLOAT_DTYPES
from release.rules import Findings, Found, Where, rule

MODEL_DTYPES = {"bfloat16": "BF16", "float16": "F16", "float32": "F32"}
FLOATS = {*FLOAT_DTYPES, "F64"}
SCALES = COMPANIONS | CACHE_SCALES
LEAST = 0.1  # share of the model's dtype below which the config is at fault, not the tensors


@rule(since="0.1.0", severity="warning")
def check(config: ModelConfig, modules: Modules) -> Findings:
    """Compare each tensor with those of the same name in other layers, then with the model."""
    dtype = MODEL_DTYPES.get(config.dtype or "")
    alike: dict[str, list[tuple[Module, str]]] = defaultdict(list)
    sizes: Counter[str] = Counter()
    for module in modules:
        plain = _plain_roles(module)
        for role, info in module.tensors.items():
            if info.dtype in FLOATS and role in plain:
                alike[f"{pattern_of(module.name)}.{role}"].append((module, role))
                sizes[info.dtype] += info.nbytes
    declared = dtype if dtype and sizes[dtype] >= LEAST * sizes.total() else None
    for members in alike.values():
        counts = Counter(module.tensors[role].dtype for module, role in members)
        usual = counts.most_common(1)[0][0]
        if declared and (declared in counts or _follows_model(members[0][0], usual)):
            usual = declared
        for module, role in members:
            stored = module.tensors[role].dtype
            if stored != usual:
                yield Found(
                    where=Where(tensor=module.tensor(role)),
                    message=f"is {stored}, where {usual} is usual",
                    fix=f"save it as {usual}",
                )


def _plain_roles(module: Module) -> set[str]:
    """The roles of floats that no scheme speaks of."""
    if module.kind == VECTOR:
        return set(module.tensors) - SCALES
    implied = set(module.expected.tensors) if module.expected else set()
    return {"weight", "bias", *implied} - ({"weight"} if module.scheme is not None else set())


def _follows_model(module: Module, usual: str) -> bool:
    """Whether such a tensor in another dtype throughout is a fault, and not meant so."""
    if module.component in TOWERS | {MTP} or module.float_only:
        return False
    return module.kind in {LINEAR, EMBEDDING} or (module.kind == NORM and usual != "F32")
