from release.verify import Request, verify
from tests.conftest import BASES, Compare, Drafts

TEMPLATE = "chat_template.jinja"


def test_fires_on_another_prompt(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4")
    text = (changed.path / TEMPLATE).read_text()
    changed.write(TEMPLATE, text.replace("<|im_start|>assistant", "<|im_start|>model"))
    assert compare(changed, "llama") == [f"B115 warning {TEMPLATE}"]
    assert "is printed for: prompt" in compare(changed, "llama", words=True)[0]


def test_silent_on_a_template_that_prints_the_same(draft: Drafts, compare: Compare) -> None:
    changed = draft("llama-nvfp4")
    text = (changed.path / TEMPLATE).read_text()
    assert compare(changed.write(TEMPLATE, "{# a comment #}" + text), "llama") == []


def test_silent_on_a_template_in_the_older_place(
    draft: Drafts, base: Drafts, compare: Compare
) -> None:
    origin = base("llama")
    text = (origin.path / TEMPLATE).read_text()
    origin.remove(TEMPLATE).edit("tokenizer_config.json", "chat_template", text)
    assert compare(draft("llama-nvfp4"), origin) == []


def test_fires_on_other_sampling(draft: Drafts, compare: Compare) -> None:
    file = "generation_config.json"
    changed = draft("qwen3_5-mtp").edit(file, "temperature", 1.3)
    assert compare(changed, "qwen3_5-mtp") == [f"B115 warning {file}: temperature"]
    assert compare(draft("qwen3_5-mtp").unset(file, "top_p"), "qwen3_5-mtp") == [
        f"B115 warning {file}: top_p"
    ]


def test_fires_on_lost_sampling(draft: Drafts, compare: Compare) -> None:
    file = "generation_config.json"
    assert compare(draft("llama-nvfp4").remove(file), "llama") == [f"B115 warning {file}"]


def test_fires_on_a_processor(draft: Drafts, compare: Compare) -> None:
    file = "preprocessor_config.json"
    changed = draft("qwen3_5-mtp").edit(file, "image_mean", [0.4, 0.4, 0.4])
    assert compare(changed, "qwen3_5-mtp") == [f"B115 warning {file}: image_mean"]


def test_silent_on_defaults_and_lists_of_one(draft: Drafts, base: Drafts, compare: Compare) -> None:
    file = "generation_config.json"
    origin = base("llama").edit(file, "top_k", 50).edit(file, "pad_token_id", [0])
    ours = draft("llama-nvfp4").edit(file, "pad_token_id", 0)
    assert compare(ours, origin) == []


def test_fires_once_on_sampling_that_was_written_anew(draft: Drafts, compare: Compare) -> None:
    file = "generation_config.json"
    anew = draft("qwen3_5-mtp").write(file, '{"eos_token_id": [372, 370], "pad_token_id": 370}')
    assert compare(anew, "qwen3_5-mtp", words=True) == [
        "has lost what the base says: do_sample True, temperature 0.6, top_k 20, top_p 0.95"
    ]


def test_fires_on_sampling_that_the_base_has_not(
    draft: Drafts, base: Drafts, compare: Compare
) -> None:
    file, key = "generation_config.json", "temperature"
    warmer = draft("llama-nvfp4").edit(file, key, 0.6)
    assert compare(warmer, "llama") == [f"B115 warning {file}: {key}"]
    assert compare(warmer, base("llama").config(key, 0.6)) == []  # where transformers 4 had it


def test_silent_where_another_rule_says_what_is_wrong_with_an_end(draft: Drafts) -> None:
    wrong = draft("llama-nvfp4").edit("generation_config.json", "eos_token_id", 5)
    report = verify(Request(wrong.path, base=BASES / "llama", select=("B115", "C115")))
    assert [finding.rule for finding in report.findings] == ["C115"]
