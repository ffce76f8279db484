"""What vLLM makes of a declaration, built by itself, against our view of it."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from release.architecture import Architecture, ModelConfig, derive_architecture
from release.architecture.layers import ROUTED, TABLE, served_layers
from release.architecture.skeleton import LINEAR
from release.facts.reader import choose, read_declaration
from release.quantization.config import parse_quantization
from release.quantization.match import Resolver
from release.quantization.plain_targets import plain_targets
from tests.architecture.configs import CONFIGS
from tests.conftest import ROOT, Run

pytestmark = [pytest.mark.vllm, pytest.mark.slow]

# One config of each class of vLLM, with experts first: the process group for them is made once. The
# one with dense layers among those with experts is the class's only one, which its constructor
# changes for good. Settings that vLLM reads and transformers fills in nowhere.
FIRST = "qwen3_moe-mixed"
EXTRA: dict[str, dict[str, Any]] = {
    "minimax_m2": {"rotary_dim": 4, "scoring_func": "sigmoid"},
    "glm4_moe_lite": {"first_k_dense_replace": 1},
    "qwen3_vl_moe": {"norm_topk_prob": True},
}
# Not for CPUs, or with layers of its own order (moe_layers of this config); and the Transformers
# backend, where vLLM has no class.
LEFT_OUT = {
    *("deepseek_v32", "falcon_h1", "falcon_mamba", "jamba", "kimi_linear", "lfm2_moe", "llama4"),
    *("mamba", "mamba2", "phimoe", "whisper"),
}
NAMES = [
    name
    for name in (FIRST, *CONFIGS)
    if name == FIRST
    or ("-" not in name and name not in LEFT_OUT and not FIRST.startswith(f"{name}-"))
]
NAMES = list(dict.fromkeys(NAMES))

# Targets of the first group, `ignore`, targets of further groups.
PATTERNS: tuple[tuple[list[str], ...], ...] = (
    (["Linear"], ["lm_head"]),
    (["linear", "Embedding"], []),
    (["LinearBase"], []),
    (["re:.*"], []),
    (["re:.*self_attn.*", "re:.*attn.*"], ["re:.*lm_head"], ["re:.*mlp.*"]),
    (["re:.*_proj$"], [], [r"re:.*\.o_proj$"]),
    (["Linear"], [], ["re:.*gate_proj$"]),
    (["Linear"], [r"re:.*mlp.gate", "re:.*v_proj$"]),
    (["re:.*v_proj$", "re:.*up_proj$", "re:.*in_proj_qkv"], []),
    (["re:.*(q|k|v)_proj$", "re:.*(gate|up)_proj$"], ["re:.*layers.1.*"]),
    (["re:.*q_proj$", "re:.*k_proj$"], [], ["re:.*v_proj$"]),
    (["re:.*q_proj$", "re:.*k_proj$"], []),
    (["Linear"], ["re:.*q_proj$"]),
    ([r"re:^model\.language_model\.layers\..*_proj$"], []),
    ([r"re:^model\.layers\..*_proj$"], [r"re:visual.*", r"re:model.visual.*", "re:vision_tower.*"]),
    (["re:.*lm_head$"], []),
    (["Linear"], ["re:.*experts.0.*"]),
    (["re:.*experts.*(gate|up|w1|w3).*"], [], ["re:.*experts.*(down|w2).*"]),
    (["QKVParallelLinear.not", "re:Qkv"], ["Linear", "Attention"]),
)


def declaration(*groups: list[str], ignore: list[str]) -> dict[str, Any]:
    """Groups by their targets, told apart by their bits."""
    return {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "quantization_status": "compressed",
        "ignore": ignore,
        "config_groups": {
            f"group_{place}": {
                "targets": targets,
                "weights": {"num_bits": place + 2, "strategy": "channel"},
            }
            for place, targets in enumerate(groups)
        },
    }


PIECES = ("model", "layers", "self_attn", "mlp", "experts", "0", "1", "gate", "up", "q", "k", "v")
GLUE = (".*", r"\.", ".", "$", "^", "|", r"\d+", "_proj", "(gate|up)", "in_proj", "qkv", "lm_head")
REGEXES = st.lists(st.sampled_from(PIECES) | st.sampled_from(GLUE), min_size=1, max_size=5)
CLASS_NAMES = ("Linear", "linear", "ParallelLMHead", "Embedding", "RoutedExperts")
GENERATED = 25  # a family


def generated(names: list[str]) -> list[dict[str, Any]]:
    """Groups and ignore lists of names, class names and patterns, as hypothesis draws them."""
    regexes = REGEXES.map(lambda parts: "re:" + "".join(parts)).filter(_compiles)
    entries = st.sampled_from(names) | regexes | regexes | st.sampled_from(CLASS_NAMES)
    lists = st.lists(entries, max_size=5)
    found: list[dict[str, Any]] = []

    @settings(
        max_examples=GENERATED,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(lists.filter(bool), min_size=1, max_size=3), lists)
    def collect(groups: list[list[str]], ignore: list[str]) -> None:
        found.append(declaration(*groups, ignore=ignore))

    collect()
    return found


def _compiles(target: str) -> bool:
    try:
        re.compile(target.removeprefix("re:"))
    except re.error:
        return False
    return True


@cache
def asked(name: str) -> list[dict[str, Any]]:
    """Every declaration for a family."""
    architecture = derive_architecture(ModelConfig(CONFIGS[name]))
    assert isinstance(architecture, Architecture)
    linears = [n for n, module in architecture.modules.items() if module.kind == LINEAR]
    return [*declarations(architecture), *generated(linears)]


def declarations(architecture: Architecture) -> list[dict[str, Any]]:
    """Patterns, and the names as they are stored: all, every other one, one layer ignored."""
    names = [name for name, module in architecture.modules.items() if module.kind == LINEAR]
    shards = [name for name in names if name.endswith(("q_proj", "gate_proj", "in_proj_z", "w1"))]
    found = [declaration(first, *others, ignore=ignore) for first, ignore, *others in PATTERNS]
    found.append(declaration(names, ignore=[]))
    found.append(declaration(names[::2], names[1::2], ignore=[]))
    found.append(declaration(["Linear"], ignore=names))
    found.append(declaration(["Linear"], ignore=shards))
    found.append(declaration(["Linear"], ignore=[name for name in names if ".0." in name]))
    return [*found, *(plain(names, raw) for raw in found if not raw["ignore"])]


def plain(names: list[str], raw: dict[str, Any]) -> dict[str, Any]:
    """The same declaration with targets that the Hub's page reads too, as Q118 writes them."""
    groups = parse_quantization(raw).groups
    claims = Resolver(groups, ()).claims(dict.fromkeys(names, ("Linear", "Module")))
    owners = {name: claim.group for name, claim in claims.items()}
    return declaration(*(list(plain_targets(owners, g.name) or ()) for g in groups), ignore=[])


@pytest.fixture(scope="module")
def answers(vllm: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Ask vLLM about all models at once: starting it is what takes time."""
    root = tmp_path_factory.mktemp("models")
    questions = {}
    for name in NAMES:
        (root / name).mkdir()
        questions[str(root / name)] = asked(name)
        first = declaration(["Linear"], ignore=[])
        config = {**CONFIGS[name], **EXTRA.get(name, {}), "quantization_config": first}
        if "text_config" in config:
            config["text_config"] = {**config["text_config"], **EXTRA.get(name, {})}
        (root / name / "config.json").write_text(json.dumps(config))
    question = root / "question.json"
    question.write_text(json.dumps(questions))
    result = vllm(ROOT / "tests" / "vllm" / "choices.py", question)
    line = next((line for line in result.stdout.splitlines() if line.startswith("ANSWERS")), None)
    assert line is not None, result.stderr[-3000:]
    return {Path(k).name: v for k, v in json.loads(line.removeprefix("ANSWERS")).items()}


@pytest.mark.parametrize("name", NAMES)
def test_layers_and_their_groups_are_those_of_vllm(name: str, answers: dict[str, Any]) -> None:
    architecture = derive_architecture(ModelConfig(CONFIGS[name]))
    assert isinstance(architecture, Architecture)
    served = architecture.served
    assert served is not None
    ours = {layer.name: layer for layer in served_layers(architecture, served)}
    theirs = answers[name]["layers"]
    heads = {layer for layer in theirs if layer.rpartition(".")[2] in {"lm_head", ""}}
    tables = {layer for layer, (kind, *_) in theirs.items() if kind == "VocabParallelEmbedding"}
    assert theirs.keys() - heads - tables <= ours.keys()
    if answers[name]["whole"]:
        plain = {layer for layer in ours if served.builds_plain(layer)}
        built = {layer for layer, which in ours.items() if which.kind != TABLE}
        assert built - plain <= theirs.keys()
    for place, raw in enumerate(asked(name)):
        quantization = parse_quantization(raw)
        reader = read_declaration(quantization, architecture, served, {})
        bits = {
            group.name: group.weights.num_bits for group in quantization.groups if group.weights
        }
        for layer in ours.keys() & theirs.keys():
            choice = choose(reader, ours[layer], served)
            expected = theirs[layer][place + 1]
            if ours[layer].kind != ROUTED and layer in heads and isinstance(expected, str):
                expected = None  # the head's builder goes on after that error
            found = choice.refused[:40] if choice.refused else bits.get(choice.group or "")
            assert found == expected, (layer, raw["config_groups"], raw["ignore"][:3])
