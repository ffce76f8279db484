import pytest

from tests.conftest import Judge
from tests.mutate import Draft


@pytest.mark.parametrize(
    "name",
    [
        "optimizer.pt",
        "scheduler.pt",
        "rng_state_0.pth",
        "trainer_state.json",
        "training_args.bin",
        "events.out.tfevents.1700000000.host",
        "model-q4_k_m.gguf",
        "model.onnx",
        "tf_model.h5",
        "backup.tar.gz",
        "run.exe",
        "nohup.out",
        "config.json.bak",
        "__0_0.distcp",
        "slurm-123.out",
        "core.1234",
        "Thumbs.db",
        "deepspeed_config.json",
    ],
)
def test_fires_when_a_file_is_left_over(mixed: Draft, findings: Judge, name: str) -> None:
    assert findings("F116", mixed.write(name, b"x")) == [f"warning {name}"]


def test_fires_once_for_a_folder(mixed: Draft, findings: Judge) -> None:
    broken = mixed.write("checkpoint-500/model.safetensors", b"x")
    broken = broken.write("checkpoint-500/deep/optimizer.pt", b"x")
    broken = broken.write("lightning_logs/version_0/hparams.yaml", b"x")
    broken = broken.write("pytorch_model_fsdp_0/__0_0.distcp", b"x")
    assert sorted(findings("F116", broken)) == [
        "warning checkpoint-500/",
        "warning lightning_logs/",
        "warning pytorch_model_fsdp_0/",
    ]


def test_fires_when_the_bytes_say_so(mixed: Draft, findings: Judge) -> None:
    broken = mixed.write("tool", b"\x7fELF" + bytes(60)).write("data.dat", b"\x1f\x8b\x08" + b"0")
    assert sorted(findings("F116", broken)) == ["warning data.dat", "warning tool"]


def test_silent_for_files_that_belong(mixed: Draft, findings: Judge) -> None:
    for name in ("modeling_x.py", "scheduler_config.json", "checkpoints.md", "tokenizer.model"):
        mixed.write(name, b"x")
    assert findings("F116", mixed.write("1_Pooling/config.json", b"{}")) == []
