"""A text file holds what looks like a password or an access token.

What it checks: text files up to 8 MiB and the free metadata of weight files for tokens of known
    shape (Hugging Face, GitHub, OpenAI, AWS, Google, Slack, NVIDIA, PyPI and twenty others),
    private keys, signed web tokens, passwords in addresses, and assignments of long random values
    to names like api_key.
    Placeholders, hashes and ordinary words are left alone; in vocabularies only known shapes count.
Why it matters: bots find a published token within minutes, and history keeps it after deletion.
How to fix: revoke the token first, then remove it from the file. The value is never printed here.
Seen in: unslothai #11230.
"""

from release.facts.secrets import Secrets
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0")
def check(secrets: Secrets) -> Findings:
    """Name each place and the kind of secret, never the value."""
    for secret in secrets:
        yield Found(
            where=Where(file=secret.file, path=secret.path),
            message=f"holds what looks like {secret.kind} of {secret.length} characters",
            fix="revoke it, then remove it from the file",
        )
