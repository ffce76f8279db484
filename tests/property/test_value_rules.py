"""Whatever bytes, dtypes and shapes a checkpoint's names stand for: findings, no traceback."""

import json
import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from release.checkpoint import open_checkpoint
from release.checkpoint.header import DTYPE_BITS, product
from release.facts import Facts, Level
from release.rules.catalogue import all_rules
from release.rules.runner import run_rules
from tests.conftest import CHECKPOINTS
from tests.mutate import Entry, pack_shard

RULES = [rule.load() for rule in all_rules() if rule.code.startswith("V")]
MODULES = ["q_proj", "k_proj", "mlp.experts.0.w1", "mlp.experts.0.w3", "input_layernorm", ""]
ROLES = [
    *("weight", "weight_packed", "weight_scale", "weight_scale_inv", "weight_global_scale"),
    *("weight_zero_point", "weight_g_idx", "weight_shape", "input_scale", "input_global_scale"),
    *("k_scale", "bias", "A_log"),
]
CONFIGS = ["llama-nvfp4", "llama-w4a16-asym", "llama-fp8-block", "llama-mxfp4", "llama-w3a16"]


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for _ in range(draw(st.integers(1, 8))):
        module, role = draw(st.sampled_from(MODULES)), draw(st.sampled_from(ROLES))
        dtype = draw(st.sampled_from(sorted(DTYPE_BITS)))
        shape = draw(st.lists(st.sampled_from([0, 1, 2, 3, 16, 17, 128, 300]), max_size=3))
        bits = product(tuple(shape)) * DTYPE_BITS[dtype]
        if bits % 8 or bits > 1 << 23:
            continue
        filler = random.Random(draw(st.integers(0, 99)))
        raw = draw(st.sampled_from([b"\0", b"\xff", b"\x7f\x80", filler.randbytes(997)]))
        size = bits // 8
        name = ".".join(part for part in ("model.layers.0", module, role) if part)
        found[name] = (dtype, shape, (raw * (size // len(raw) + 1))[:size])
    return found


numbers = st.none() | st.sampled_from([-3, -1, 0, 1, 2, 3, 5, 7, 8, 16, 32, 128, 10**30])


@given(st.sampled_from(CONFIGS), numbers, numbers, entries())
@settings(max_examples=300, deadline=None)
def test_no_traceback(
    name: str, bits: int | None, group: int | None, tensors: dict[str, Entry]
) -> None:
    config = json.loads((CHECKPOINTS / name / "config.json").read_bytes())
    weights = config["quantization_config"]["config_groups"]["group_0"]["weights"]
    weights |= {"num_bits": bits} if bits is not None else {}
    weights |= {"group_size": group} if group is not None else {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "config.json").write_text(json.dumps(config))
        (path / "model.safetensors").write_bytes(pack_shard(tensors))
        facts = Facts({"checkpoint": open_checkpoint(path)}, Level.BYTES)
        verdicts = run_rules(RULES, facts)
        assert {finding.where.tensor for finding in verdicts.findings} <= {None, *tensors}
        json.dumps([finding.message for finding in verdicts.findings])
