"""A project's own templates: one block or all, in place of ours."""

from pathlib import Path

import pytest

from release.card import render_card
from release.checkpoint import Checkpoint
from release.errors import ReleaseError
from release.report import Report
from tests.card.conftest import manifest, write


def test_one_block_is_replaced(demo_report: Report, demo: Checkpoint, tmp_path: Path) -> None:
    write(
        tmp_path, "templates/weights.md.j2", "## Bytes\n\n{{ facts.weights.total_bytes | count }}\n"
    )
    card = render_card(demo_report, manifest(), demo, tmp_path).text
    assert "## Bytes\n\n1,481,696\n" in card or "## Bytes\n\n1," in card
    assert "## Weight breakdown" not in card
    assert "## Architecture" in card


def test_a_block_can_hold_ours(demo_report: Report, demo: Checkpoint, tmp_path: Path) -> None:
    write(tmp_path, "templates/weights.md.j2", 'Mine.\n\n{% include "release/weights.md.j2" %}\n')
    card = render_card(demo_report, manifest(), demo, tmp_path).text
    assert "Mine.\n\n## Weight breakdown" in card


def test_the_whole_page_is_replaced(demo_report: Report, demo: Checkpoint, tmp_path: Path) -> None:
    write(tmp_path, "templates/README.md.j2", '{% include "mine.md.j2" %}\n')
    write(tmp_path, "templates/mine.md.j2", "Only {{ facts.weights.parameters | parameters }}.\n")
    card = render_card(demo_report, manifest(), demo, tmp_path).text
    assert card.startswith("Only 1.26M.\n\n<!-- written by release ")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("weigths.md.j2", "x", "weigths.md.j2: is no block of the card"),
        ("weights.md.j2", "{{ 7 }}", "weights.md.j2:1: cannot be rendered: prints 7, a number"),
        ("weights.md.j2", "\n{{ 7 | count }}", "weights.md.j2:2: cannot be rendered: prints 7"),
        ("weights.md.j2", "{{ facts.wieghts }}", "facts has no 'wieghts'"),
        ("weights.md.j2", "{{ facts.weights.total_bytes.__class__ }}", "has no '__class__'"),
        ("weights.md.j2", "{{ facts.map(1) }}", "cannot be rendered"),
        ("weights.md.j2", "{{ nothing }}", "'nothing' is undefined"),
        ("weights.md.j2", "{% if %}", "weights.md.j2:1: cannot be rendered: Expected"),
        ("weights.md.j2", '{% include "none.md.j2" %}', "none.md.j2"),
        ("weights.md.j2", "{{ facts.weights / 3 }}", "weights.md.j2:1: cannot be rendered: Type"),
        ("weights.md.j2", "{{ manifest.contact }}", "manifest.contact is nothing"),
        ("weights.md.j2", '{% include "weights.md.j2" %}', "cannot be rendered: Recursion"),
        ("weights.md.j2", "{{ facts.weights | decimal_bytes }}", "cannot be rendered: Type"),
        ("weights.md.j2", "\udcff", "cannot be"),
    ],
)
def test_a_template_that_does_not_hold_is_one_line(
    demo_report: Report, demo: Checkpoint, tmp_path: Path, name: str, text: str, words: str
) -> None:
    path = tmp_path / "templates" / name
    path.parent.mkdir()
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ReleaseError) as caught:
        render_card(demo_report, manifest(), demo, tmp_path)
    assert words in str(caught.value)


@pytest.mark.parametrize("inside", [True, False])
def test_a_template_is_never_a_link_out_of_its_folder(
    inside: bool, demo_report: Report, demo: Checkpoint, tmp_path: Path
) -> None:
    write(tmp_path, "templates/more/mine.md.j2", "Mine.\n")
    secret = tmp_path / "token"
    secret.write_text("a secret")
    link = tmp_path / "templates" / "weights.md.j2"
    link.symlink_to(tmp_path / "templates" / "more" / "mine.md.j2" if inside else secret)
    if inside:
        assert "Mine." in render_card(demo_report, manifest(), demo, tmp_path).text
        return
    with pytest.raises(ReleaseError, match=r"templates/weights\.md\.j2: is a link out of"):
        render_card(demo_report, manifest(), demo, tmp_path)
