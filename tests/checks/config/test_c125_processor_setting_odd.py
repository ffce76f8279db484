from typing import Any

import pytest

from tests.conftest import Drafts, Judge
from tests.mutate import Draft

FILE, NEWER = "preprocessor_config.json", "processor_config.json"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("patch_size", 14), ("merge_size", 4), ("temporal_patch_size", 1)],
        *[("image_mean", value) for value in ([0.5, 0.5], "half", [], [None] * 3)],
        *[("image_std", value) for value in ([0, 0, 0], 0.0, [1e400] * 3)],
    ],
)
def test_fires_on_a_value_that_the_tower_cannot_take(
    key: str, value: Any, mixed: Draft, findings: Judge
) -> None:
    assert findings("C125", mixed.edit(FILE, key, value)) == [f"error {FILE}: {key}"]


def test_fires_on_a_size_of_no_pixels(mixed: Draft, findings: Judge) -> None:
    broken = mixed.edit(FILE, "size", {"height": 0, "width": 64})
    assert findings("C125", broken) == [f"error {FILE}: size.height"]


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("demo", "CLIPImageProcessor"),
        ("qwen3_vl-nvfp4", "SiglipImageProcessor"),
        ("gemma3-w4a16", "Qwen2VLImageProcessorFast"),
        ("mistral3-fp8", "Gemma3ImageProcessor"),
    ],
)
def test_fires_as_warning_on_the_class_of_another_model(
    name: str, other: str, draft: Drafts, findings: Judge
) -> None:
    broken = draft(name).edit(FILE, "image_processor_type", other)
    assert findings("C125", broken) == [f"warning {FILE}: image_processor_type"]


def test_fires_within_a_newer_file(mixed: Draft, findings: Judge) -> None:
    broken = mixed.write(NEWER, '{"image_processor": {"patch_size": 14}}')
    assert findings("C125", broken) == [f"error {NEWER}: image_processor.patch_size"]


@pytest.mark.parametrize("key", ["processor_class", "image_processor_type"])
def test_fires_as_warning_on_a_class_that_no_reader_has(
    key: str, mixed: Draft, findings: Judge
) -> None:
    assert findings("C125", mixed.edit(FILE, key, "NovelProcessor")) == [f"warning {FILE}: {key}"]
    assert findings("C125", mixed.edit(FILE, key, 7)) == [f"warning {FILE}: {key}"]


@pytest.mark.parametrize("name", ["gemma3-w4a16", "mistral3-fp8", "qwen3_vl-nvfp4", "llama-nvfp4"])
def test_silent_on_processors_as_they_are_saved(name: str, draft: Drafts, findings: Judge) -> None:
    assert findings("C125", draft(name)) == []


def test_silent_on_what_is_said_in_other_ways(mixed: Draft, findings: Judge) -> None:
    kept = mixed.edit(FILE, "image_mean", 0.5).edit(FILE, "patch_size", {"height": 16})
    kept.edit(FILE, "size", {"shortest_edge": 4096, "longest_edge": None})
    kept.edit(FILE, "auto_map", {"AutoProcessor": "code.Novel"})
    assert findings("C125", kept.edit(FILE, "processor_class", "Novel")) == []


def test_fires_on_what_a_class_takes_for_a_missing_key(draft: Drafts, findings: Judge) -> None:
    broken = draft("mistral3-fp8").unset("processor_config.json", "spatial_merge_size")
    assert findings("C125", broken) == ["error processor_config.json: spatial_merge_size"]


def test_fires_on_another_number_of_tokens_for_an_image(draft: Drafts, findings: Judge) -> None:
    broken = draft("gemma3-w4a16").config("mm_tokens_per_image", 16)
    assert findings("C125", broken) == ["error processor_config.json: image_seq_length"]
