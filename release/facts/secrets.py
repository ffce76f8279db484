"""What looks like a secret in the text files: where and of what kind, never the value."""

import math
import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from release.facts.texts import Texts


class Shape(msgspec.Struct, frozen=True):
    """A known kind of secret. `mixture`: of lower case, upper case and digits, how many at least.

    A pattern starts with a literal, which the regex engine finds fast, and has bounded repeats.
    """

    kind: str
    pattern: re.Pattern[str]
    mixture: int = 2


_BODY = r"(?![A-Za-z0-9_-])"
_PEM = r"-----BEGIN (?:[A-Z]+ ){0,2}PRIVATE KEY-----(?:\\r|\\n|\s){1,8}[A-Za-z0-9+/=]{40}"
_JWT = r"eyJ[\w-]{10,200}+\.eyJ[\w-]{10,2000}+\.[\w-]{20,1000}+"
_PRIVATE_KEY = Shape("a private key", re.compile(_PEM))
_SHAPES = (
    Shape("a Hugging Face token", re.compile(rf"hf_[A-Za-z0-9]{{34}}{_BODY}")),
    Shape("a GitHub token", re.compile(rf"gh[pousr]_[A-Za-z0-9]{{36}}{_BODY}")),
    Shape("a GitHub token", re.compile(rf"github_pat_[A-Za-z0-9_]{{82}}{_BODY}")),
    Shape("a GitLab token", re.compile(rf"glpat-[A-Za-z0-9_-]{{20,64}}{_BODY}")),
    Shape("an OpenAI or Anthropic key", re.compile(rf"sk-[A-Za-z0-9_-]{{32,200}}{_BODY}"), 3),
    Shape("an AWS key", re.compile(rf"A(?:KIA|SIA)[0-9A-Z]{{16}}{_BODY}")),
    Shape("a Google key", re.compile(rf"AIza[A-Za-z0-9_-]{{35}}{_BODY}"), 3),
    Shape("a Slack token", re.compile(rf"xox[abprs]-[0-9]{{8,20}}-[A-Za-z0-9-]{{16,200}}{_BODY}")),
    Shape("a signed web token", re.compile(_JWT), 3),
    Shape("an npm token", re.compile(rf"npm_[A-Za-z0-9]{{36}}{_BODY}")),
    Shape("a PyPI token", re.compile(rf"pypi-[A-Za-z0-9_-]{{60,250}}{_BODY}"), 3),
    Shape("a Stripe key", re.compile(rf"[rs]k_live_[A-Za-z0-9]{{24,99}}{_BODY}")),
    Shape("an NVIDIA key", re.compile(rf"nvapi-[A-Za-z0-9_-]{{60,80}}{_BODY}"), 3),
    Shape("a Groq key", re.compile(rf"gsk_[A-Za-z0-9]{{52}}{_BODY}"), 3),
    Shape("an xAI key", re.compile(rf"xai-[A-Za-z0-9]{{70,90}}{_BODY}"), 3),
    Shape("a Perplexity key", re.compile(rf"pplx-[A-Za-z0-9]{{40,60}}{_BODY}"), 3),
    Shape("a Replicate token", re.compile(rf"r8_[A-Za-z0-9]{{37}}{_BODY}"), 3),
    Shape("a RunPod key", re.compile(rf"rpa_[A-Za-z0-9]{{40,50}}{_BODY}")),
    Shape("a Weights & Biases key", re.compile(rf"wandb_v1_[A-Za-z0-9_]{{60,90}}{_BODY}"), 3),
    Shape("a Databricks token", re.compile(rf"dapi[0-9a-f]{{32}}{_BODY}")),
    Shape("a DigitalOcean token", re.compile(rf"do[opr]_v1_[0-9a-f]{{64}}{_BODY}")),
    Shape("a LangSmith key", re.compile(rf"lsv2_(?:pt|sk)_[0-9a-f]{{32}}_[0-9a-f]{{10}}{_BODY}")),
    Shape("a SendGrid key", re.compile(rf"SG\.[A-Za-z0-9_-]{{22}}\.[A-Za-z0-9_-]{{43}}{_BODY}"), 3),
    Shape("a Google token", re.compile(rf"ya29\.[A-Za-z0-9_-]{{60,300}}{_BODY}"), 3),
    Shape("an OpenRouter key", re.compile(rf"sk-or-v1-[0-9a-f]{{64}}{_BODY}")),
    Shape("an age key", re.compile(rf"AGE-SECRET-KEY-1[0-9A-Z]{{58}}{_BODY}")),
)
_ASSIGNED = re.compile(
    r"(?i:(?:api|account|private|signing|encryption)_?key(?:_id)?|secret(?:_?(?:access_)?key)?"
    r"|(?:auth|access|hf|hub|sdk|bot|refresh|bearer)_?token|password|passwd|wandb login"
    r"|authorization: bearer|(?-i:[A-Z]{2,20}_TOKEN))"
    r"""["']?(?:\s{0,4}[:=]|\s)\s{0,4}["']?([A-Za-z0-9+/=_-]{20,200})(?![A-Za-z0-9+/=_.(\[-])"""
)
_LOGIN = re.compile(r"://[\w.-]{1,64}:([^\s:/@\"'<>{}$]{12,200})@[\w-]")
_HEX = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_PLACEHOLDER = re.compile(r"(?i)example|your|placeholder|dummy|redacted|x{5}|0{6}|1234567|abcdef")
_BEFORE = re.compile(r"(?:^|[^A-Za-z0-9_-]|\\[nrt])\Z")  # what may stand before a token
RANDOM_BITS = 3.0  # per character; repeated letters and short words stay below


class Secret(msgspec.Struct, frozen=True):
    """A place that holds something secret, what it seems to be, and its length."""

    file: str
    path: str
    kind: str
    length: int


Secrets = tuple[Secret, ...]


def provide_secrets(texts: Texts) -> Secrets:
    """Search every text file, the vocabularies by known shapes only."""
    found: list[Secret] = []
    for file, text in texts.files.items():
        found += find_secrets(file, text)
    for file, text in texts.vocabularies.items():
        found += (_at(file, text, hit) for hit in _known(text))
    for file, metadata in texts.headers.items():
        for key, value in metadata.items():
            kinds = {kind: len(match[0]) for kind, match in _known(value)}
            places = (Secret(file, f"__metadata__.{key}", *item) for item in kinds.items())
            found += places
    return tuple({(s.file, s.path): s for s in reversed(found)}.values())[::-1]


def find_secrets(file: str, text: str) -> list[Secret]:
    """Search one text, known shapes and what is assigned to a telling name."""
    return [_at(file, text, hit) for hit in (*_known(text), *_assigned(text))]


Hit = tuple[str, re.Match[str]]


def _known(text: str) -> Iterator[Hit]:
    for shape in _SHAPES:
        for match in shape.pattern.finditer(text):
            before = text[max(match.start() - 2, 0) : match.start()]
            if _BEFORE.search(before) and looks_random(match[0], shape.mixture):
                yield shape.kind, match
    for match in _PRIVATE_KEY.pattern.finditer(text):
        yield _PRIVATE_KEY.kind, match


def _assigned(text: str) -> Iterator[Hit]:
    for match in _LOGIN.finditer(text):
        if looks_random(match[1], 2):
            yield "a password in an address", match
    for match in _ASSIGNED.finditer(text):
        if looks_random(match[1], 2 if _HEX.fullmatch(match[1]) else 3):
            yield "a password or key", match


def _at(file: str, text: str, hit: Hit) -> Secret:
    kind, match = hit
    value = match[match.lastindex or 0]
    return Secret(file, f"line {text.count(chr(10), 0, match.start()) + 1}", kind, len(value))


def looks_random(value: str, mixture: int) -> bool:
    """Whether a value is mixed as only a generator mixes: no placeholder, no slug, no word."""
    if _PLACEHOLDER.search(value):
        return False
    counts = Counter(value).values()
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts)
    classes = (str.islower, str.isupper, str.isdigit)
    mixed = sum(any(map(belongs, value)) for belongs in classes)
    return entropy >= RANDOM_BITS and mixed >= mixture
