"""Whatever text stands at any key of release.toml: one line that names it, or the same page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from release.card import render_card
from release.checkpoint import Checkpoint
from release.errors import ReleaseError
from release.front_matter import split_card
from release.manifest import parse_manifest
from release.report import Report
from tests.card.conftest import FULL
from tests.card.test_hostile import changed

DAY, LINK = "2026-11-20", "https://x.example/1"
MORE: dict[str, Any] = {
    "known-issues": [{"title": "t", "text": "x", "as-of": DAY, "link": LINK, "fixed": "0.40"}],
    "card": {"pipeline-tag": "text-generation", "language": ["en"], "tags": ["t1"]},
    "allow": [{"rule": "K104", "reason": "r"}],
    "policy": {"levels": ["headers"]},
    "checkpoint": "ckpt",
}
PROSE = {
    *("summary", "intended-use", "out-of-scope", "limitations", "contact", "calibration.text"),
    *("serve.0.note", "usage.0.text", "known-issues.0.text"),
}
TEXTS = {
    "markup": "a | b `c ``d ```e *f **g _h <script>i</script> <details> <!-- j ![k](l) [m]: n",
    "links": "x](javascript:alert(1)) <javascript:x> https://x.example/a b) **c** | d",
    "yaml": "a: b # c '\" --- {{ 7*7 }} {% x %} &lt; \\",
    "lines": "a\n---\nb: c\n# H\n\n## I\n\n```\n~~~\n| x | y |\n| - | - |\n| 1 | 2 |\n- z\n> q",
    "under": "a\n===\n\nb\r# c\r\n</details>",
    "unseen": "a\x00\x1b[31mb\x07\u2028c\ue0001\ue001d\ue002",
    "seal": f"a <!-- written by release 1 seal {'0' * 64} -->",
    "long": "a" * 20_000,
}
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def leaves(value: Any, path: str = "") -> Iterator[str]:
    pairs: Any = value.items() if isinstance(value, dict) else ()
    pairs = enumerate(value) if isinstance(value, list) else pairs
    for key, inner in pairs:
        yield from leaves(inner, f"{path}.{key}" if path else str(key))
    if not isinstance(value, dict | list):
        yield path


def page(text: str, *, headings: bool) -> list[tuple[str, ...]]:
    """The blocks of a page in their order; only its headings where a person's Markdown is in it."""
    tokens = MARKDOWN.parse(split_card(text)[1])
    if headings:
        own = [i for i, token in enumerate(tokens) if token.tag in {"h1", "h2"}]
        return [(tokens[i].tag, tokens[i + 1].content) for i in own if tokens[i].nesting == 1]
    return [
        (token.type, token.tag, str(token.content.count("<") * (token.type == "html_block")))
        for token in tokens
        if token.type != "inline"
    ]


def refusal(raw: dict[str, Any]) -> str | None:
    try:
        parse_manifest(raw)
    except ReleaseError as error:
        return str(error)
    return None


@pytest.fixture(scope="module")
def plain(demo_report: Report, demo: Checkpoint) -> str:
    return render_card(demo_report, parse_manifest({**FULL, **MORE}), demo).text


@pytest.mark.parametrize("path", list(leaves({**FULL, **MORE})))
def test_a_text_is_refused_by_its_key_or_changes_no_block(
    demo_report: Report, demo: Checkpoint, tmp_path: Path, plain: str, path: str
) -> None:
    header = yaml.safe_load(split_card(plain)[0] or "")
    words = [word for word in path.split(".") if not word.isdigit()]
    for name, text in TEXTS.items():
        raw = changed(path, text, {**FULL, **MORE})
        try:
            card = render_card(demo_report, parse_manifest(raw), demo, tmp_path).text
        except ReleaseError as error:
            said = str(error)
            assert any(word in said or "serve" in said for word in words), (name, said)
            assert len(said) < 3000, name
            continue
        prose = path in PROSE
        assert page(card, headings=prose) == page(plain, headings=prose), name
        assert not set(card) & set("\x00\x1b\x07\u2028\ue000\ue001\ue002"), name
        now = yaml.safe_load(split_card(card)[0] or "")
        for key in header.keys() | now.keys():
            values = now.get(key) if isinstance(now.get(key), list) else [now.get(key)]
            assert now.get(key) == header.get(key) or text in values, (name, key)


@pytest.mark.parametrize("path", list(leaves({**FULL, **MORE})))
@pytest.mark.parametrize("value", [7, 1.5, True, [], {}, [7], {"a": 7}], ids=repr)
def test_another_type_is_one_line(path: str, value: Any) -> None:
    said = refusal(changed(path, value, {**FULL, **MORE}))
    if said is None:
        assert type(value) is int or path == "engines.0.works"
        return
    assert said.startswith("release.toml: ")
    assert any(word in said for word in path.split(".") if not word.isdigit())


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "x.example", "http://"]
)
@pytest.mark.parametrize("table", ["known-issues", "engines"])
def test_a_link_leads_to_a_page(link: str, table: str) -> None:
    with pytest.raises(ReleaseError, match=rf"{table}\[0\]\.link is '"):
        parse_manifest(changed(f"{table}.0.link", link, {**FULL, **MORE}))


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:a)",
        "[x]( <JavaScript:a>)",
        "<javascript:a>",
        "[x]: vbscript:a",
        "[x](data:a)",
    ],
)
def test_prose_links_to_no_script(text: str) -> None:
    with pytest.raises(ReleaseError, match="limitations has a link to"):
        parse_manifest(changed("limitations", text, FULL))


@pytest.mark.parametrize(
    "text", ["`[x](javascript:a)`", "data: none", "JavaScript: [x](https://y)"]
)
def test_words_are_no_links(text: str) -> None:
    assert parse_manifest(changed("limitations", text, FULL)).limitations == text
