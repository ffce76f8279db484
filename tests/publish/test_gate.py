"""Nothing is sent, not even a question, unless report, files and card belong together."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from release.demo.hub import HubServer
from release.verify import DESELECTED
from tests.publish.world import CARD, REPO, SHARD, Push, edit_manifest, render_again

Change = Callable[[Path], object]


def report(change: Callable[[dict[str, Any]], object]) -> Change:
    def apply(work: Path) -> None:
        path = work / ".release" / "report.json"
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    return apply


def found(severity: str) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["summary"].update({severity: 2})


def unchecked(document: dict[str, Any]) -> None:
    entry = {"what": "Q101 group-matches-nothing", "reason": "no config", "required": True}
    document["not_checked"].append(entry)


def deselected(document: dict[str, Any]) -> None:
    entry = {"what": "Q101 group-matches-nothing", "reason": DESELECTED, "required": False}
    document["not_checked"].append(entry)


def manifest(text: str) -> Change:
    def apply(work: Path) -> None:
        path = work / "release.toml"
        path.write_text(path.read_text() + text)

    return apply


def extra(name: str) -> Change:
    def apply(work: Path) -> None:
        path = work / "release.toml"
        path.write_text(path.read_text().replace("assets/logo.txt", name))

    return apply


def flip(work: Path) -> None:
    path = work / "ckpt" / SHARD
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def edit_card(old: str, new: str) -> Change:
    def apply(work: Path) -> None:
        path = work / "ckpt" / CARD
        path.write_text(path.read_text().replace(old, new))

    return apply


REFUSED: dict[str, tuple[Change, int, str]] = {
    "no report": (
        lambda work: (work / ".release" / "report.json").unlink(),
        2,
        "report.json: there is no report (run `release verify CKPT` first)",
    ),
    "errors": (report(found("error")), 1, "the report has 2 errors"),
    "required, unchecked": (report(unchecked), 3, "Q101 group-matches-nothing could not be"),
    "a rule left out": (report(deselected), 3, "1 rule left out by --select or --ignore: Q101"),
    "level not run": (
        report(lambda document: document["levels"].update({"bytes": "not run"})),
        3,
        "the policy demands level bytes: not run",
    ),
    "level of the policy not run": (
        manifest('[policy]\nlevels = ["headers", "bytes", "smoke"]\n'),
        3,
        "the policy demands level smoke: not run",
    ),
    "no such level": (
        manifest('[policy]\nlevels = ["all"]\n'),
        2,
        "demands 'all', which no report",
    ),
    "a byte changed": (flip, 2, f"{SHARD}: changed since the checkpoint was verified"),
    "several changes": (
        lambda work: [(work / "ckpt" / f"{n}.json").write_text("{}") for n in range(5)],
        2,
        "is new since the checkpoint was verified; likewise 1.json, 2.json, 3.json and 1 more",
    ),
    "a file more": (
        lambda work: (work / "ckpt" / "new.json").write_text("{}"),
        2,
        "new.json: is new since the checkpoint was verified",
    ),
    "a file less": (
        lambda work: (work / "ckpt" / "recipe.yaml").unlink(),
        2,
        "recipe.yaml: is gone since the checkpoint was verified",
    ),
    "no card": (lambda work: (work / "ckpt" / CARD).unlink(), 2, "the checkpoint has no card"),
    "a card of another report": (
        edit_card("sha256:", "sha256:0"),
        2,
        "README.md: was not rendered from this report: it does not name its digest",
    ),
    "a figure on the card changed by hand": (
        edit_card("1.26M parameters", "9.9B parameters"),
        2,
        "is not what the report and release.toml render to",
    ),
    "another licence than the card's": (
        lambda work: edit_manifest(work, "apache-2.0", "mit"),
        2,
        "is not what the report and release.toml render to",
    ),
    "an extra file that is not there": (extra("gone.txt"), 2, "'gone.txt', which is not in the"),
    "no manifest": (lambda work: (work / "release.toml").unlink(), 2, "there is no manifest"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_before_the_hub_is_asked_anything(
    kind: str, hub: HubServer, work: Path, push: Push
) -> None:
    change, code, words = REFUSED[kind]
    change(work)
    done = push("--yes")
    assert words in done.stderr
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert hub.requests == []


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, 1)])
def test_warnings_refuse_only_where_the_policy_is_strict(
    strict: bool, code: int, work: Path, push: Push
) -> None:
    report(found("warning"))(work)
    render_again(work)
    manifest(f"[policy]\nstrict = {str(strict).lower()}\n")(work)
    done = push("--dry-run")
    assert done.returncode == code, done.stderr
    assert ("the report has 2 warnings" in done.stderr) == strict


def test_a_pickle_is_never_published_whoever_names_it(work: Path, push: Push) -> None:
    extra("assets/model.pt")(work)
    (work / "ckpt" / "assets" / "model.pt").write_bytes(b"\x80\x02}q\x00.")
    done = push("--yes")
    assert done.returncode == 2
    assert "'assets/model.pt', which is a pickle: it is never published" in done.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["evil/other"], "release.toml says 'acme/tiny-NVFP4', the command 'evil/other'"),
        (["./ckpt"], "release push OWNER/NAME [CKPT]"),
        ([REPO, "nowhere"], "nowhere: does not exist"),
        (["--tag", "../main"], "'../main' is no name for a tag"),
        (["--tag", "v1", "--create-pr"], "a pull request cannot be tagged"),
        (["--private", "--create-pr"], "a pull request cannot change who sees the repository"),
    ],
)
def test_what_cannot_be_asked_for(args: list[str], words: str, hub: HubServer, push: Push) -> None:
    done = push(*args, "--yes")
    assert done.returncode == 2
    assert words in done.stderr
    assert hub.requests == []
