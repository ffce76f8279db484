"""Sign a release as OpenSSF model signing does (v1.0): model.sig, a sigstore bundle.

Written from the hashes of the report, so that nothing is read again; the same release and key give
the same signature (RFC 6979), so that a push can be repeated. `model_signing verify key` checks it.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from release.errors import ReleaseError
from release.publish.files import Release, hold, read
from release.publish.selection import SIGNATURE_FILE

PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://model_signing/signature/v1.0"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
IGNORED = (SIGNATURE_FILE, ".git", ".gitattributes", ".github", ".gitignore", ".cache")
"""What a download has beside the files of a release."""

PASSWORD = "RELEASE_SIGN_PASSWORD"  # noqa: S105 - the variable's name
"""The environment variable that opens an encrypted key where nobody can be asked."""

LARGEST_KEY = 64 << 10  # bytes
HASHES = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}


Ask = Callable[[], str | None]


def sign(release: Release, key: Path, name: str, ask: Ask) -> Release:
    """Add the signature over every file by a private EC key in PEM. Raises `ReleaseError`.

    `ask` gives the password of an encrypted key, None where there is nobody to ask.
    """
    signed = hold(SIGNATURE_FILE, _bundle(_statement(release, name), _load(key, ask)))
    return msgspec.structs.replace(release, files=(*release.files, signed))


def _statement(release: Release, name: str) -> bytes:
    files = sorted(release.files, key=lambda file: PurePosixPath(file.path))
    root = hashlib.sha256(b"".join(bytes.fromhex(file.sha256) for file in files))
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": root.hexdigest()}}],
        "predicateType": PREDICATE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": IGNORED,
            },
            "resources": [
                {"name": file.path, "algorithm": "sha256", "digest": file.sha256} for file in files
            ],
        },
    }
    return json.dumps(statement).encode()


def _bundle(statement: bytes, key: Any) -> bytes:
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    algorithm = getattr(hashes, HASHES[key.curve.name])()
    framed = f"DSSEv1 {len(PAYLOAD)} {PAYLOAD} {len(statement)} ".encode() + statement
    signature = key.sign(framed, ec.ECDSA(algorithm, deterministic_signing=True))
    bundle = {
        "mediaType": BUNDLE,
        "verificationMaterial": {
            "publicKey": {"hint": hashlib.sha256(public).hexdigest()},
            "tlogEntries": [],
        },
        "dsseEnvelope": {
            "payload": _text(statement),
            "payloadType": PAYLOAD,
            "signatures": [{"sig": _text(signature), "keyid": ""}],
        },
    }
    return json.dumps(bundle, indent=2).encode() + b"\n"


def _load(place: Path, ask: Ask) -> Any:
    """Load a private key. Raises `ReleaseError` for one that cannot sign."""
    try:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    except ImportError:
        hint = "pip install 'release-checkpoint[sign]'"
        raise ReleaseError("signing needs the extra 'sign'", hint=hint) from None
    name, hint = place.name, "openssl ecparam -name prime256v1 -genkey -noout -out key.pem"
    content = read(place, name, LARGEST_KEY)
    try:
        key = serialization.load_pem_private_key(content, None)
    except TypeError:
        key = _open(content, name, ask)
    except Exception:  # noqa: BLE001 - the library's reasons are many, and may quote the key
        raise ReleaseError("is no private key in PEM", where=name, hint=hint) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in HASHES:
        what = f"is no key of one of the curves {', '.join(HASHES)}"
        raise ReleaseError(what, where=name, hint=hint)
    return key


def _open(content: bytes, name: str, ask: Ask) -> Any:
    """Load an encrypted key with its password."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - an extra

    password = ask()
    if not password:
        hint = f"set {PASSWORD}, or run it on a terminal"
        raise ReleaseError("is encrypted, and there is no password", where=name, hint=hint)
    try:
        return serialization.load_pem_private_key(content, password.encode())
    except Exception:  # noqa: BLE001 - as above
        raise ReleaseError("is not opened by this password", where=name) from None


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
