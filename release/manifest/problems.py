"""Values of release.toml that have the right type and cannot be."""

import re
from collections.abc import Iterator

from release.facts.dated import Served, concerns
from release.manifest.pages import breaks_out
from release.manifest.tables import Manifest
from release.rules.catalogue import hint_code, is_code

REPO_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
DATASET = re.compile(r"(?:[A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9][\w.-]{0,95}")
LINK = re.compile(r"https?://[^\s/].*")
SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def problems(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """What is wrong with values that have the right type, and what to do."""
    for judge in (_bad_keys, _bad_allows, _bad_commands, _bad_versions, _bad_names):
        yield from judge(manifest)
    yield from _bad_links(manifest)
    yield from _bad_figures(manifest)
    for place, text in _pages(manifest):
        if what := breaks_out(text):
            yield f"{place} {what}", "it would take what follows on the card with it"


def _bad_keys(manifest: Manifest) -> Iterator[tuple[str, str]]:
    for key, repo in (("repo", manifest.repo), ("base.model", manifest.base.model)):
        if not REPO_ID.fullmatch(repo):
            yield f"{key} is {repo!r:.80}, not owner/name", ""
    if manifest.repo == manifest.base.model:
        yield "base.model is the repository itself", "name the model that was quantized"
    for key, text in (("license", manifest.license), ("checkpoint", manifest.checkpoint)):
        if text is not None and not text.strip():
            yield f"{key} is empty", ""
    if manifest.license == "other" and not (manifest.license_name and manifest.license_link):
        hint = "the Hub asks for license-name and license-link then"
        yield "license is 'other' without a name and a link", hint


def _bad_allows(manifest: Manifest) -> Iterator[tuple[str, str]]:
    for allow in manifest.allow:
        if not allow.reason.strip():
            yield f"allow of {allow.rule} gives no reason", ""
        if not is_code(allow.rule):
            yield (
                f"allow names {allow.rule!r:.40}, which is the code of no rule",
                hint_code(allow.rule),
            )


def _bad_commands(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Arguments that no command on a card can have."""
    common = {arg.partition("=")[0] for arg in manifest.serve_args if arg.startswith("-")}
    places = [("serve-args", manifest.serve_args)]
    places += [(f"serve[{i}].args", profile.args) for i, profile in enumerate(manifest.serve)]
    for place, args in places:
        for arg in args:
            if not arg.isprintable():
                yield f"{place} has {arg!r}, which no line of a shell can hold", ""
            if place != "serve-args" and arg.partition("=")[0] in common:
                yield f"{place} has {arg!r:.60}, which serve-args has too", "say it once"


def _bad_versions(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Known issues whose versions nobody can compare."""
    for position, issue in enumerate(manifest.known_issues):
        try:
            concerns(issue.affected, issue.fixed, Served())
        except ValueError as error:
            hint = 'affected = ">=0.17,<0.20", fixed = "0.20.0"'
            yield f"known-issues[{position}]: {error!s:.80}", hint


def _bad_links(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Addresses that are none of a page: a card's reader clicks on them."""
    links = {f"known-issues[{i}]": issue.link for i, issue in enumerate(manifest.known_issues)}
    links |= {f"engines[{i}]": engine.link for i, engine in enumerate(manifest.engines)}
    for place, link in links.items():
        if link is not None and not LINK.fullmatch(link):
            yield f"{place}.link is {link!r:.80}, no address of a page", "https://..."


def _bad_names(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Models and datasets that the card would link to, and that cannot be on the Hub."""
    for position, ancestor in enumerate(manifest.ancestors):
        if not REPO_ID.fullmatch(ancestor.model):
            yield f"ancestors[{position}].model is {ancestor.model!r:.80}, not owner/name", ""
        for name in ancestor.datasets:
            if not DATASET.fullmatch(name):
                hint = "the name of a dataset on the Hub; others belong in 'how'"
                yield f"ancestors[{position}].datasets has {name!r:.80}", hint


def _bad_figures(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Figures of a calibration that cannot be."""
    told = manifest.calibration
    if told is None:
        return
    counts = {
        "samples": told.samples,
        "mean-sequence-length": told.mean_sequence_length,
        "max-sequence-length": told.max_sequence_length,
    }
    for key, count in counts.items():
        if count is not None and count < 1:
            yield f"calibration.{key} is {count}", "at least 1"
    mean, most = told.mean_sequence_length, told.max_sequence_length
    if mean is not None and most is not None and mean > most:
        yield f"calibration: a mean sequence length of {mean} is above the most, {most}", ""
    if told.dataset_sha256 is not None and not SHA256.fullmatch(told.dataset_sha256):
        yield f"calibration.dataset-sha256 is {told.dataset_sha256!r:.80}", "64 hex digits"


def _pages(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The texts that a card prints as Markdown."""
    texts = {
        "summary": manifest.summary,
        "intended-use": manifest.intended_use,
        "out-of-scope": manifest.out_of_scope,
        "limitations": manifest.limitations,
        "contact": manifest.contact,
        "calibration.text": manifest.calibration.text if manifest.calibration else None,
    }
    texts |= {f"usage[{i}].text": usage.text for i, usage in enumerate(manifest.usage)}
    texts |= {
        f"known-issues[{i}].text": issue.text for i, issue in enumerate(manifest.known_issues)
    }
    texts |= {f"serve[{i}].note": profile.note for i, profile in enumerate(manifest.serve)}
    return ((place, text) for place, text in texts.items() if text)
