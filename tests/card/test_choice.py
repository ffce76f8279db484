"""Which of the card's commands is run here."""

import pytest

from release.card.choice import choose_command
from release.errors import ReleaseError
from release.manifest import Manifest, parse_manifest
from release.memory.gpus import find_gpu, is_gpu
from release.smoke.gpu import Gpu

COMMON = ("acme/tiny-NVFP4", "--max-model-len", "2048")
BARE = {
    "repo": "acme/tiny-NVFP4",
    "license": "apache-2.0",
    "base": {"model": "acme/tiny"},
    "serve-args": ["--max-model-len", "2048"],
}
PROFILES: list[dict[str, object]] = [
    {"gpu": "RTX 5090", "args": ["--max-num-seqs", "4"]},
    {"gpu": "H100", "args": []},
]
HOPPER = Gpu(0, "NVIDIA H100 80GB HBM3", "580.159.04", 0, 81_559 << 20)
ADA = Gpu(0, "NVIDIA L40S", "580.159.04", 0, 46_068 << 20)


def manifest(*profiles: dict[str, object]) -> Manifest:
    return parse_manifest({**BARE, "serve": list(profiles)})


def test_without_profiles_it_is_the_common_command() -> None:
    assert choose_command(manifest(), None, (HOPPER,)) == (COMMON, None)


def test_the_profile_of_the_gpu_that_is_here() -> None:
    assert choose_command(manifest(*PROFILES), None, (HOPPER,)) == (COMMON, "H100 80GB")


def test_a_profile_that_is_named_is_run_elsewhere_and_not_called_tested_there() -> None:
    argv, gpu = choose_command(manifest(*PROFILES), "rtx 5090", (HOPPER,))
    assert argv == (*COMMON, "--max-num-seqs", "4")
    assert gpu is None


@pytest.mark.parametrize(
    ("profiles", "named", "here", "said"),
    [
        (PROFILES, None, (ADA,), "are for RTX 5090, H100 80GB; here is NVIDIA L40S"),
        (PROFILES, None, (), "here is no GPU that nvidia-smi shows"),
        (PROFILES, "L40S", (ADA,), "no [[serve]] is for L40S"),
        (PROFILES, "RTX 5900", (), "is not a GPU we know"),
        ([], "H100", (HOPPER,), "there is no [[serve]] to choose from"),
    ],
)
def test_where_there_is_none_it_is_said(
    profiles: list[dict[str, object]], named: str | None, here: tuple[Gpu, ...], said: str
) -> None:
    with pytest.raises(ReleaseError) as caught:
        choose_command(manifest(*profiles), named, here)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("gpu", "device", "mib", "same"),
    [
        ("H100 80GB", "NVIDIA H100 80GB HBM3", 81_559, True),
        ("H100 80GB", "NVIDIA H100 PCIe", 81_559, True),
        ("H100 80GB", "NVIDIA H100 NVL", 95_830, False),
        ("A100 40GB", "NVIDIA A100-SXM4-80GB", 81_920, False),
        ("A100 80GB", "NVIDIA A100-SXM4-80GB", 81_920, True),
        ("RTX 5090", "NVIDIA GeForce RTX 5090", 32_607, True),
        ("L4", "NVIDIA L40S", 46_068, False),
        (
            "RTX PRO 6000 Blackwell",
            "NVIDIA RTX PRO 6000 Blackwell Workstation Edition",
            97_887,
            True,
        ),
    ],
)
def test_a_device_is_a_gpu_by_name_and_memory(gpu: str, device: str, mib: int, same: bool) -> None:
    assert is_gpu(find_gpu(gpu), device, mib << 20) is same
