"""Who claims a module: our resolver against compressed_tensors' own matching, on torch modules."""

from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release.facts.hub_count import HubTargets
from release.quantization.config import parse_quantization
from release.quantization.match import Resolver
from release.quantization.plain_targets import plain_targets

pytestmark = pytest.mark.reference

# A small model with what makes matching go wrong: prefixes of each other, ten layers and more, a
# tower, experts, a head.
KINDS = {
    "embed_tokens": "Embedding",
    "norm": "LayerNorm",
    "conv1d": "Conv1d",
    "gate": "Linear",
    "qkv": "Linear",
    "lm_head": "Linear",
    "fc1": "Linear",
}
LAYERS = ("0", "1", "10", "11")
PARTS = (
    *("self_attn.q_proj", "self_attn.k_proj", "self_attn.o_proj", "mlp.gate", "mlp.gate_proj"),
    *("mlp.up_proj", "mlp.experts.1.up_proj", "mlp.experts.10.up_proj", "norm", "conv1d"),
)
NAMES = (
    *(f"model.layers.{layer}.{part}" for layer in LAYERS for part in PARTS),
    *("model.embed_tokens", "model.norm", "lm_head", "model.visual.0.attn.qkv", "visual.fc1"),
)
CLASSES = {
    "Linear": ("Linear", "Module"),
    "Embedding": ("Embedding", "Module"),
    "LayerNorm": ("LayerNorm", "Module"),
    "Conv1d": ("Conv1d", "_ConvNd", "Module"),
}
MODULES = {name: CLASSES[KINDS.get(name.rpartition(".")[2], "Linear")] for name in NAMES}

PIECES = ("model", "layers", "mlp", "gate", "up_proj", "_proj", "1", "0", "experts", "attn", "q")
GLUE = (".*", r"\.", ".", "$", "^", "|", r"\d+", "")
PATTERNS = st.lists(st.sampled_from(PIECES) | st.sampled_from(GLUE), min_size=1, max_size=6).map(
    lambda parts: "re:" + "".join(parts)
)
TARGETS = st.sampled_from([*NAMES, *NAMES, "Linear", "Embedding", "LayerNorm", "Module", "linear"])
ENTRIES = st.lists(TARGETS | PATTERNS | PATTERNS, max_size=4)


def model() -> Any:
    """Build the model of those modules on the meta device."""
    torch = import_module("torch")
    sizes: dict[str, tuple[int, ...]] = {"LayerNorm": (8,), "Conv1d": (8, 8, 1)}
    root = torch.nn.Module()
    for name in NAMES:
        *parents, last = name.split(".")
        place = root
        for part in parents:
            if not hasattr(place, part):
                place.add_module(part, torch.nn.Module())
            place = getattr(place, part)
        kind = CLASSES[KINDS.get(last, "Linear")][0]
        if not hasattr(place, last):
            made = getattr(torch.nn, kind)(*sizes.get(kind, (8, 8)), device="meta")
            place.add_module(last, made)
    return root


@pytest.fixture(scope="module")
def network() -> Any:
    return model()


@settings(max_examples=400, deadline=None, derandomize=True)
@given(groups=st.lists(ENTRIES, min_size=1, max_size=3), ignore=ENTRIES)
def test_every_module_has_the_group_that_they_give_it(
    groups: list[list[str]], ignore: list[str], network: Any
) -> None:
    match = import_module("compressed_tensors.utils.match")
    raw = {"config_groups": {f"group_{i}": {"targets": t} for i, t in enumerate(groups)}}
    owner = {target: f"group_{i}" for i, targets in enumerate(groups) for target in targets}
    theirs = {
        name: match.match_targets(name, module, owner)
        for name, module in match.match_named_modules(network, owner, ignore)
        if name in MODULES
    }
    claims = Resolver(parse_quantization(raw).groups, ignore).claims(MODULES)
    for name, claim in claims.items():
        targets = theirs.get(name, [])
        assert claim.group == (owner[targets[0]] if targets else None), name
        if targets:
            assert list(claim.targets) == targets, name


@settings(max_examples=300, deadline=None, derandomize=True)
@given(entries=ENTRIES)
def test_every_module_is_ignored_that_they_ignore(entries: list[str], network: Any) -> None:
    match = import_module("compressed_tensors.utils.match")
    claims = Resolver((), entries).claims(MODULES)
    for name, module in network.named_modules():
        if name in MODULES:
            ignored = claims[name].ignored_by is not None
            assert ignored == match.is_match(name, module, entries), name


@settings(max_examples=200, deadline=None, derandomize=True)
@given(groups=st.lists(ENTRIES, min_size=1, max_size=3), ignore=ENTRIES)
def test_plain_targets_claim_the_same_modules(
    groups: list[list[str]], ignore: list[str], network: Any
) -> None:
    """What Q118 proposes: to compressed_tensors the same, and the Hub's page finds it too."""
    match = import_module("compressed_tensors.utils.match")
    raw = {"config_groups": {f"group_{i}": {"targets": t} for i, t in enumerate(groups)}}
    claims = Resolver(parse_quantization(raw).groups, ignore).claims(MODULES)
    owners = {name: claim.group for name, claim in claims.items() if not claim.ignored_by}
    plain = {group: plain_targets(owners, group) for group in {*owners.values()} if group}
    owner = {target: group for group, targets in plain.items() for target in targets or ()}
    theirs = {
        name: owner[match.match_targets(name, module, owner)[0]]
        for name, module in match.match_named_modules(network, owner, ignore)
        if name in MODULES
    }
    assert theirs == {name: group for name, group in owners.items() if group}
    for group, targets in plain.items():
        page = HubTargets(targets or ())
        assert [n for n in owners if page.match(n)] == [n for n, g in owners.items() if g == group]
