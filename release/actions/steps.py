"""The steps that do something: verify, card, push."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from release.actions.child import file, release
from release.actions.commands import set_outputs, show
from release.actions.inputs import Inputs
from release.errors import ReleaseError
from release.facts.identity import CARD_FILE
from release.manifest import MANIFEST_FILE, load_manifest
from release.report import REPORT_FILE, load_report
from release.report.formats import render
from release.report.last import FOLDER_FILE
from release.report.verdict import judge

SARIF, AUDIT, PUSHED = "report.sarif", "card-audit.md", "push.json"
OURS = (SARIF, AUDIT, PUSHED)
CANNOT_RUN = 2


def verify(inputs: Inputs) -> int:
    """Verify at every level asked for; set the outputs `verdict`, `report` and `sarif`."""
    _forget()
    _require_named(inputs)
    args = ["verify", "--format", "github", "--quiet", *_verify_options(inputs)]
    code = release([*args, "--", inputs.checkpoint] if inputs.checkpoint else args)
    if not REPORT_FILE.is_file():
        set_outputs(verdict="error")
        return code or CANNOT_RUN
    report = load_report(REPORT_FILE)
    strict = is_strict(inputs)
    sarif = file(SARIF)
    sarif.write_text(render(report, "sarif", strict=strict), encoding="utf-8")
    show("report", render(report, "human", strict=strict))
    verdict = judge(report, strict=strict).word
    set_outputs(verdict=verdict, report=_path(REPORT_FILE), sarif=_path(sarif))
    return code


def card(inputs: Inputs) -> int:
    """Write the card, or audit the one that is there; set the output `card`."""
    named = ["--", inputs.checkpoint] if inputs.checkpoint else []
    place = _readme(inputs)
    if place.is_symlink() and not inputs.readme:
        raise ReleaseError("is a link", where=str(place), hint="a card is a file of its own")
    if inputs.card == "write":
        code = release(["card", "--quiet", *named], quiet=True)
    else:
        options = ["--check", str(place), *(["--strict"] if inputs.strict else [])]
        code = release(["card", *options, "--format", "github", *named])
        release(["card", *options, "--format", "markdown", "-o", str(file(AUDIT)), *named])
    set_outputs(card=_path(place) if place.is_file() else "")
    return code


def push(inputs: Inputs) -> int:
    """Publish, or show the plan; set the output `commit`, empty where none was made."""
    done = file(PUSHED)
    flags = {
        "--dry-run": inputs.push == "plan",
        "--yes": inputs.writes,
        "--create-pr": inputs.push == "pull-request",
        "--private": inputs.visibility == "private",
        "--public": inputs.visibility == "public",
        "--keep-unknown": inputs.unknown == "keep",
        "--delete-unknown": inputs.unknown == "delete",
        "--overwrite-card": inputs.overwrite_card,
    }
    values = {"--branch": inputs.branch, "--tag": inputs.tag, "--message": inputs.message}
    args = [flag for flag, wanted in flags.items() if wanted]
    args += [f"{option}={value}" for option, value in values.items() if value]
    repository = inputs.repository or load_manifest().repo
    places = [repository, *([inputs.checkpoint] if inputs.checkpoint else [])]
    output = ["--format", "json", "--output", str(done), "--quiet"]
    code = release(["push", *args, *output, "--", *places], quiet=True, **_identity(repository))
    set_outputs(commit=commit_of(done.read_bytes()) if done.is_file() else "")
    return code


def is_strict(inputs: Inputs) -> bool:
    """Whether warnings fail, by the job or by the manifest."""
    manifest = load_manifest() if MANIFEST_FILE.is_file() else None
    return inputs.strict or bool(manifest and manifest.policy.strict)


def _require_named(inputs: Inputs) -> None:
    """Raise `ReleaseError` where the push would be refused, hours later, for its repository."""
    if inputs.push != "none" and inputs.repository and MANIFEST_FILE.is_file():
        named = load_manifest().repo
        if named != inputs.repository:
            what = f"release.toml says {named!r}, the input repository {inputs.repository!r}"
            raise ReleaseError(what, hint="they must agree")


def _forget() -> None:
    """Remove what an earlier job left, or a stranger committed: it would be taken for ours."""
    folder, hint = REPORT_FILE.parent, "remove it: it is written to"
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ReleaseError("is no folder", where=str(folder), hint=hint)
    for path in (REPORT_FILE, FOLDER_FILE, *map(folder.joinpath, OURS)):
        if path.is_dir() and not path.is_symlink():
            raise ReleaseError("is a folder", where=str(path), hint=hint)
        path.unlink(missing_ok=True)


def _verify_options(inputs: Inputs) -> list[str]:
    flags = {
        "--reference": inputs.reference,
        "--smoke": inputs.smoke,
        "--serve": inputs.serve,
        "--strict": inputs.strict,
    }
    values = {"--level": inputs.level, "--base": inputs.base, "--python": inputs.python}
    return [
        *(flag for flag, wanted in flags.items() if wanted),
        *(f"{option}={value}" for option, value in values.items() if value),
    ]


def _readme(inputs: Inputs) -> Path:
    """The card: as named, else in the checkpoint's folder, else beside release.toml."""
    if inputs.readme:
        return Path(inputs.readme)
    manifest = load_manifest() if MANIFEST_FILE.is_file() else None
    place = inputs.checkpoint or (manifest.checkpoint if manifest else None) or ""
    return Path(place, CARD_FILE) if place and Path(place).is_dir() else Path(CARD_FILE)


def _identity(repository: str) -> dict[str, str]:
    """What a push gets more than other commands: the job's identity, where there is no token."""
    names = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL")
    held = {name: os.environ[name] for name in names if os.environ.get(name)}
    if held and not os.environ.get("HF_TOKEN") and not os.environ.get("HF_OIDC_RESOURCE"):
        return held | {"HF_OIDC_RESOURCE": repository}
    return held


class _Done(msgspec.Struct, frozen=True):
    commit: str = ""


def commit_of(raw: bytes) -> str:
    """The commit that a push made, from what it wrote; empty for a plan."""
    return msgspec.json.decode(raw, type=_Done).commit


def _path(path: Path) -> str:
    """As later steps find it, whatever their working directory."""
    return str(path.absolute())


STEPS: Mapping[str, Callable[[Inputs], int]] = {"verify": verify, "card": card, "push": push}
