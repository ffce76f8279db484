"""What nvidia-smi says, by a program of that name."""

from pathlib import Path

import pytest

from release.smoke.gpu import freed, list_gpus, visible
from release.unknown import Unknown

# Memory in use, in MiB: what the file says, and from then on 9,000 less.
NVIDIA_SMI = """#!/bin/sh
used=$(cat "$0.used"); echo $((used > 9000 ? used - 9000 : used)) > "$0.used"
echo "0, NVIDIA H100 80GB HBM3, 580.159.04, $used, 81559"
echo "1, NVIDIA H100 80GB HBM3, 580.159.04, 4, 81559"
"""


@pytest.fixture
def used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the memory that is in use, of a nvidia-smi that is alone on PATH."""
    program = tmp_path / "nvidia-smi"
    program.write_text(NVIDIA_SMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    file = tmp_path / "nvidia-smi.used"
    file.write_text("4")
    return file


def test_names_memory_and_driver_are_read(used: Path) -> None:
    used.write_text("518")
    gpus = list_gpus()
    assert not isinstance(gpus, Unknown)
    first, second = gpus
    assert (first.index, first.name, first.driver) == (0, "NVIDIA H100 80GB HBM3", "580.159.04")
    assert (first.used, first.total, second.used) == (518 << 20, 81_559 << 20, 4 << 20)


@pytest.mark.parametrize(("named", "seen"), [("1", [1]), ("0,1", [0, 1]), ("GPU-abc", [0, 1])])
def test_cuda_visible_devices_counts(
    used: Path, monkeypatch: pytest.MonkeyPatch, named: str, seen: list[int]
) -> None:
    del used
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    gpus = list_gpus()
    assert not isinstance(gpus, Unknown)
    assert [gpu.index for gpu in visible(gpus)] == seen


def test_memory_that_comes_back_late_is_free(used: Path) -> None:
    before = list_gpus()
    used.write_text("18004")
    assert freed(before) is True


def test_memory_that_stays_in_use_is_not(used: Path) -> None:
    before = list_gpus()
    used.write_text("8000")
    assert freed(before, patience=0.0) is False


def test_without_nvidia_smi_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert isinstance(freed(list_gpus()), Unknown)


def test_an_answer_that_is_none_is_not_known(used: Path) -> None:
    used.with_name("nvidia-smi").write_text("#!/bin/sh\necho No devices were found\n")
    assert isinstance(list_gpus(), Unknown)
