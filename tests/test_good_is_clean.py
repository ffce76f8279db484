from pathlib import Path

import pytest

from release.facts import Level
from release.verify import Request, verify
from tests.conftest import GOOD

# What llm-compressor writes and vLLM refuses: key projections of 64 rows, within blocks of 128.
DESERVED = {"glm4_moe-fp8-block": {"T116"}}


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_a_good_checkpoint_has_no_finding(path: Path) -> None:
    report = verify(Request(path, Level.BYTES))
    serious = {f.rule for f in report.findings if f.severity != "info"}
    assert serious == DESERVED.get(path.name, set())
    assert [entry for entry in report.not_checked if entry.required] == []
    assert report.exit_code(strict=not serious) == 0
