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
LOCKED = serialization.BestAvailableEncryption(b"secret")


def write_keys(
    folder: Path, key: ec.EllipticCurvePrivateKey, lock: serialization.KeySerializationEncryption
) -> tuple[Path, Path]:
    private, public = folder / "private.pem", folder / "public.pem"
    private.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, lock))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(PEM, form))
    return private, public


def verify(folder: Path, public: Path) -> bool:
    assert VERIFIER.exists(), "run `make .venv-hub/ready`"
    command = [str(VERIFIER), "verify", "key", str(folder), "--signature", f"{folder}/model.sig"]
    done = subprocess.run([*command, "--public_key", str(public)], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize(
    ("curve", "lock", "env"),
    [
        (ec.SECP256R1(), PLAIN, {}),
        (ec.SECP384R1(), PLAIN, {}),
        (ec.SECP521R1(), LOCKED, {"RELEASE_SIGN_PASSWORD": "secret"}),
    ],
    ids=["P-256", "P-384", "P-521 encrypted"],
)
def test_what_is_on_the_hub_is_what_the_reference_verifier_accepts(
    curve: ec.EllipticCurve,
    lock: serialization.KeySerializationEncryption,
    env: dict[str, str],
    hub: HubServer,
    tmp_path: Path,
    push: Push,
) -> None:
    private, public = write_keys(tmp_path, ec.generate_private_key(curve), lock)
    done = push("--yes", "--sign", str(private), "--tag", "v1", **env)
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

    assert "nothing to do" in push("--yes", "--sign", str(private), "--tag", "v1", **env).stdout
    done = push("--yes")
    assert "model.sig  of the last release" in done.stdout
    assert "model.sig" not in repo_of(hub).find("main").tree
    assert len(history(hub)) == 3


def test_keys_that_cannot_sign(hub: HubServer, tmp_path: Path, push: Push) -> None:
    form = serialization.PrivateFormat.PKCS8
    strong = ec.generate_private_key(ec.SECP256R1())
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    odd = ec.generate_private_key(ec.SECP256K1())
    public = strong.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    cases = {
        strong.private_bytes(PEM, form, LOCKED): "key.pem: is encrypted, and there is no password",
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
    place.write_bytes(strong.private_bytes(PEM, form, LOCKED))
    done = push("--yes", "--sign", str(place), RELEASE_SIGN_PASSWORD="wrong")  # noqa: S106
    assert done.stderr == "error: key.pem: is not opened by this password\n"
    done = push("--yes", "--sign", "nowhere.pem")
    assert "nowhere.pem: cannot be read: No such file" in done.stderr
    assert writes(hub) == []
