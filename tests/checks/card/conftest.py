import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from release.card.check import Audit, audit_card
from release.checkpoint import Checkpoint, open_checkpoint
from release.manifest import Manifest
from release.report import Report
from tests.conftest import ROOT

HEADER = """---
license: apache-2.0
base_model: acme/tiny
base_model_relation: quantized
pipeline_tag: image-text-to-text
---
"""

AuditLines = Callable[..., list[str]]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen3.5-27B hybrid in FP8 and NVFP4, with headers and lengths and no data."""
    place: Path = tmp_path_factory.mktemp("audit") / "27B"
    make = runpy.run_path(str(ROOT / "benchmarks" / "sparse.py"))["make"]
    make("27B", place)
    return place


@pytest.fixture(scope="session")
def large(folder: Path) -> Checkpoint:
    """The same, opened."""
    return open_checkpoint(folder)


@pytest.fixture
def audit(large: Checkpoint) -> AuditLines:
    """Audit a card of it by one rule: `line severity message` of each finding."""

    def judge(
        code: str,
        text: str,
        *,
        header: str = HEADER,
        manifest: Manifest | None = None,
        report: Report | None = None,
    ) -> list[str]:
        result = audit_card(Audit("README.md", header + text, large, manifest, report))
        assert code in result.checked, result.not_checked
        lines = header.count("\n")
        return [
            f"{(found.where.line or 0) - lines} {found.severity} {found.message}"
            for found in result.findings
            if found.rule == code
        ]

    return judge
