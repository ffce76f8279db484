import shutil
from pathlib import Path
from typing import Any

import pytest

from release.checkpoint import Checkpoint, open_checkpoint
from release.manifest import Manifest, parse_manifest
from release.report import Report
from release.verify import Request, verify
from tests.conftest import DEMO

# Every key that a card prints, with figures that occur nowhere else.
FULL: dict[str, Any] = {
    "repo": "acme/tiny-NVFP4",
    "license": "other",
    "license-name": "acme-1.0",
    "license-link": "https://acme.example/license-11",
    "summary": "It has 1,312 features.",
    "quantized-by": "someone-12",
    "intended-use": "For 77 uses.",
    "out-of-scope": "Not for 78 others.",
    "limitations": "It has 79 limits.",
    "citation": "@misc{acme2080}",
    "contact": "room 81",
    "serve-args": ["--reasoning-parser", "qwen3"],
    "base": {"model": "acme/tiny", "revision": "82f", "license": "mit"},
    "ancestors": [{"model": "acme/root-83", "how": "tuned in 84 hours", "datasets": ["a/data85"]}],
    "rationale": {"group_0": "they are 86 times as sensitive"},
    "calibration": {
        "text": "Made of 512 traces.",
        "dataset": "acme/traces-87",
        "dataset-revision": "88ab",
        "dataset-sha256": "89cd" * 16,
        "samples": 513,
        "mean-sequence-length": 2180,
        "max-sequence-length": 4096,
        "seed": 90,
    },
    "production": {
        "version": "0.91.0",
        "hardware": "92 GPUs",
        "duration": "93 minutes",
        "script": "quantize94.py",
    },
    "serve": [{"gpu": "RTX 5090", "args": ["--max-model-len", "1936"], "note": "Tried 96 times."}],
    "usage": [{"engine": "engine97", "text": "Run it 98 times.", "as-of": "2026-10-09"}],
    "engines": [
        {
            "engine": "e100",
            "works": False,
            "note": "needs 101",
            "as-of": "2026-10-12",
            "versions": "1.3",
        }
    ],
}


@pytest.fixture(scope="session")
def demo() -> Checkpoint:
    return open_checkpoint(DEMO)


@pytest.fixture(scope="session")
def demo_report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of `release verify` of the demo's checkpoint."""
    folder = tmp_path_factory.mktemp("card") / "ckpt"
    shutil.copytree(DEMO, folder)
    return verify(Request(location=folder))


@pytest.fixture
def full() -> Manifest:
    return parse_manifest(FULL)


def manifest(**changes: Any) -> Manifest:
    base = {"repo": "acme/tiny-NVFP4", "license": "apache-2.0", "base": {"model": "acme/tiny"}}
    return parse_manifest({**base, **changes})


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
