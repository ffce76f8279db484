from tests.conftest import Compare, Drafts

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
