"""`--sign`: the reference verifier accepts what is on the Hub, and nothing else."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from huggingface_hub import HfApi

from release.demo.hub import HubServer
from tests.conftest import ROOT
from tests.publish.world import REPO, Push, history, repo_of, writes

VERIFIER = ROOT / ".venv-hub" / "bin" / "model_signing"
PEM = serialization.Encoding.PEM
PLAIN = serialization.NoEncryption()


def write_keys(folder: Path, key: ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    private, public = folder / "private.pem", folder / "public.pem"
    private.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, PLAIN))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(PEM, form))
    return private, public


def verify(folder: Path, public: Path) -> bool:
    assert VERIFIER.exists(), "run `make .venv-hub/ready`"
    command = [str(VERIFIER), "verify", "key", str(folder), "--signature", f"{folder}/model.sig"]
    done = subprocess.run([*command, "--public_key", str(public)], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_what_is_on_the_hub_is_what_the_reference_verifier_accepts(
    curve: ec.EllipticCurve, hub: HubServer, tmp_path: Path, push: Push
) -> None:
    private, public = write_keys(tmp_path, ec.generate_private_key(curve))
    done = push("--yes", "--sign", str(private), "--tag", "v1")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "downloaded"
    HfApi(endpoint=hub.endpoint, token=hub.token).snapshot_download(REPO, local_dir=folder)
    assert verify(folder, public)
    config = folder / "config.json"
    good = config.read_bytes()
    config.write_bytes(good + b"\n")
    assert not verify(folder, public)
    config.write_bytes(good)
    (folder / "more.json").write_text("{}")
    assert not verify(folder, public)

    assert "nothing to do" in push("--yes", "--sign", str(private), "--tag", "v1").stdout
    done = push("--yes")
    assert "model.sig  of the last release" in done.stdout
    assert "model.sig" not in repo_of(hub).find("main").tree
    assert len(history(hub)) == 3


def test_keys_that_cannot_sign(hub: HubServer, tmp_path: Path, push: Push) -> None:
    form = serialization.PrivateFormat.PKCS8
    locked = serialization.BestAvailableEncryption(b"secret")
    strong = ec.generate_private_key(ec.SECP256R1())
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    odd = ec.generate_private_key(ec.SECP256K1())
    public = strong.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    cases = {
        strong.private_bytes(PEM, form, locked): "key.pem: is encrypted",
        rsa_key.private_bytes(PEM, form, PLAIN): "key.pem: is no key of one of the curves",
        odd.private_bytes(PEM, form, PLAIN): "key.pem: is no key of one of the curves",
        public: "key.pem: is no private key in PEM",
        b"": "key.pem: is no private key in PEM",
    }
    place = tmp_path / "key.pem"
    for content, words in cases.items():
        place.write_bytes(content)
        done = push("--yes", "--sign", str(place))
        assert done.returncode == 2
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
    done = push("--yes", "--sign", "nowhere.pem")
    assert "nowhere.pem: cannot be read: No such file" in done.stderr
    assert writes(hub) == []
