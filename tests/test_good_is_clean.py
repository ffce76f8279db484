from pathlib import Path

import pytest

from release.facts import Level
from release.verify import Request, verify
from tests.conftest import GOOD


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_a_good_checkpoint_has_no_finding(path: Path) -> None:
    report = verify(Request(path, Level.BYTES))
    assert [f for f in report.findings if f.severity != "info"] == []
    assert [entry for entry in report.not_checked if entry.required] == []
    assert report.exit_code(strict=True) == 0
