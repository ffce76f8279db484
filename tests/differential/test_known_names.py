"""The names that ship with the package against the transformers that is installed."""

from importlib import import_module

import pytest

from release.architecture import FAMILIES
from release.facts.known import provide_known
from release.quantization.history import order
from tests.conftest import Drafts, judge_one

pytestmark = pytest.mark.reference

# A newer transformers has more classes than the lists: this many must be known at least.
FRESH = 0.9


def test_generative_classes_and_their_model_types_are_known() -> None:
    auto = import_module("transformers.models.auto.modeling_auto")
    known = provide_known().architectures
    pairs = {
        (name, model_type)
        for mapping in ("CAUSAL_LM", "IMAGE_TEXT_TO_TEXT")
        for model_type, names in getattr(auto, f"MODEL_FOR_{mapping}_MAPPING_NAMES").items()
        for name in (names if isinstance(names, tuple) else (names,))
    }
    hits = sum(model_type in known.get(name, ()) for name, model_type in pairs)
    assert hits >= FRESH * len(pairs)


def test_tokenizer_classes_are_known() -> None:
    auto = import_module("transformers.models.auto.tokenization_auto")
    classes = {name for name in auto.TOKENIZER_MAPPING_NAMES.values() if isinstance(name, str)}
    assert classes
    assert len(classes & provide_known().tokenizers) >= FRESH * len(classes)


def test_processor_classes_are_known() -> None:
    auto = import_module("transformers.models.auto.processing_auto").PROCESSOR_MAPPING_NAMES
    classes = {name for name in auto.values() if isinstance(name, str)}
    assert classes
    assert len(classes & provide_known().processors) >= FRESH * len(classes)


def test_every_rope_type_is_known(draft: Drafts) -> None:
    types = import_module("transformers.modeling_rope_utils").ROPE_INIT_FUNCTIONS
    for kind in ("default", *types):
        kept = draft("llama-nvfp4").config("rope_parameters", {"rope_type": kind})
        found, _ = judge_one("C120", kept.path)
        assert not [finding for finding in found if "rope_type" in str(finding.where)], kind


def test_model_types_are_those_of_the_release_that_first_has_them() -> None:
    types = import_module("transformers.models.auto.configuration_auto").CONFIG_MAPPING_NAMES
    since = provide_known().transformers
    release = order(import_module("transformers").__version__)
    older = {name for name, first in since.items() if order(first) <= release}
    assert len(older & set(types)) >= FRESH * len(older)
    assert not {name for name in types if name in since} - older


# Remote code: transformers has no config class of its own to compare with.
FOREIGN = {"kimi_k2"}


@pytest.mark.parametrize("model_type", sorted(FAMILIES.keys() - FOREIGN))
def test_a_family_ties_by_default_as_its_config_class_does(model_type: str) -> None:
    family = import_module(f"release.architecture.families.{FAMILIES[model_type]}").FAMILY
    config = import_module("transformers").AutoConfig.for_model(model_type)
    assert config.tie_word_embeddings == family.tied_by_default


def test_placeholders_are_those_of_the_config_classes() -> None:
    types = import_module("transformers").CONFIG_MAPPING
    known = provide_known().placeholders
    held = {name: ids for name, ids in known.items() if name in types and name in FAMILIES}
    assert len(held) > len({"qwen2_vl", "qwen3_5", "gemma3", "gemma4", "llama4", "mistral3"})
    for name, ids in held.items():
        config = types[name]()
        assert {key: getattr(config, key) for key in ids} == ids, name
