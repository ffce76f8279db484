"""What llm-compressor makes of ten families under every preset of compressed-tensors is good."""

import tarfile
from pathlib import Path

import pytest
from compressed_tensors.quantization.quant_scheme import PRESET_SCHEMES

from release.facts import Level
from release.verify import Request, verify

ARCHIVES = sorted((Path(__file__).parent / "presets").glob("*.tar.xz"))
FAMILIES = [path.name.removesuffix(".tar.xz") for path in ARCHIVES]
PRESETS = sorted(PRESET_SCHEMES.keys() - {"UNQUANTIZED"})


@pytest.fixture(scope="module", params=ARCHIVES, ids=FAMILIES)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoints of one family, each in a folder of its preset's name."""
    folder = tmp_path_factory.mktemp("presets")
    with tarfile.open(request.param) as archive:
        archive.extractall(folder, filter="data")
    return folder


def test_there_are_families_enough() -> None:
    assert len(FAMILIES) >= 8


def test_every_preset_is_there(family: Path) -> None:
    assert sorted(path.name for path in family.iterdir()) == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_no_finding(preset: str, family: Path) -> None:
    report = verify(Request(family / preset, Level.BYTES))
    assert [f for f in report.findings if f.severity != "info"] == []
    assert [entry for entry in report.not_checked if entry.required] == []
