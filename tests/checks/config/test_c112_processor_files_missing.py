from tests.conftest import Drafts, Judge
from tests.mutate import Draft

IMAGES, VIDEO = "preprocessor_config.json", "video_preprocessor_config.json"


def test_fires_when_there_is_no_processor(mixed: Draft, findings: Judge) -> None:
    assert findings("C112", mixed.remove(IMAGES)) == [f"error {IMAGES}"]


def test_fires_when_it_cannot_be_read(mixed: Draft, findings: Judge) -> None:
    assert findings("C112", mixed.write(IMAGES, "{")) == [f"error {IMAGES}"]


def test_fires_as_warning_when_the_video_processor_is_missing(
    draft: Drafts, findings: Judge
) -> None:
    broken = draft("qwen3_5-mtp").remove(VIDEO)
    assert findings("C112", broken) == [f"warning {VIDEO}"]


def test_silent_when_one_file_holds_all_processors(mixed: Draft, findings: Judge) -> None:
    kept = mixed.remove(IMAGES).remove(VIDEO)
    kept.write("processor_config.json", '{"image_processor": {}, "video_processor": {}}')
    assert findings("C112", kept) == []


def test_silent_on_a_text_only_class(mixed: Draft, findings: Judge) -> None:
    kept = mixed.remove(IMAGES).config("architectures", ["Qwen3_5ForCausalLM"])
    assert findings("C112", kept) == []


def test_silent_on_mistrals_own_format(mixed: Draft, findings: Judge) -> None:
    assert findings("C112", mixed.remove(IMAGES).write("tekken.json", "{}")) == []
