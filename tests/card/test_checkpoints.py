"""What `init` proposes for a good checkpoint renders to a card that the Hub takes."""

import re
import tomllib
from pathlib import Path

import pytest

from release.card import render_card
from release.checkpoint import open_checkpoint
from release.demo.hub.card import judge
from release.facts import Level
from release.manifest import parse_manifest
from release.proposal import Answers, write_proposal
from release.proposal.origin import find_origin
from release.proposal.subject import study
from release.verify import Request, verify
from tests.conftest import GOOD

TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
BAR = re.compile(r"(?<!\\)\|")


@pytest.mark.parametrize("path", GOOD[::5], ids=lambda path: path.name)
def test_a_good_checkpoint_has_a_card(path: Path, tmp_path: Path) -> None:
    checkpoint = open_checkpoint(path)
    report = verify(Request(path, Level.HEADERS))
    answers = Answers("acme/quantized", "acme/base", "mit")
    text = write_proposal(answers, find_origin(checkpoint, None), study(checkpoint, path, report))
    manifest = parse_manifest(tomllib.loads(text))
    card = render_card(report, manifest, checkpoint, tmp_path)
    assert judge(card.text) == ([], [])
    assert card.text.count("vllm serve acme/quantized") == len(manifest.serve) > 0
    tables = [block.splitlines() for block in TABLE.findall(card.text)]
    assert len(tables) > 8
    assert all(len({len(BAR.findall(line)) for line in table}) == 1 for table in tables)
