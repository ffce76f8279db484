"""The tables of `release.toml`, each a struct. A misspelt key is an error, never ignored."""

from datetime import date
from fnmatch import fnmatchcase

import msgspec

from release.facts.dated import Dated, specifier
from release.rules import Finding
from release.smoke.expectations import Expectations


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A table of the manifest."""


class Allow(Strict, frozen=True):
    """A finding that is accepted. `where` is a glob over its place; the reason is printed."""

    rule: str
    reason: str
    where: str = "*"

    @property
    def code(self) -> str:
        """The rule's code as the catalogue writes it."""
        return self.rule.upper()

    def covers(self, finding: Finding) -> bool:
        """Whether this entry is about that finding."""
        place = finding.where
        texts = (str(place), place.file, place.tensor, place.module, place.path)
        return self.code == finding.rule and any(
            text is not None and fnmatchcase(text, self.where) for text in texts
        )


class Base(Strict, frozen=True):
    """The model that was quantized: its repo id on the Hub and the commit that was used."""

    model: str
    revision: str | None = None
    license: str | None = None


class Ancestor(Strict, frozen=True):
    """A model that the base was made from, and how; nearest first."""

    model: str
    how: str
    license: str | None = None
    datasets: tuple[str, ...] = ()


class Calibration(Strict, frozen=True):
    """How activations were calibrated, in the words of who did it. Lengths in tokens.

    `dataset_sha256` is that of the file of samples as it was used.
    """

    text: str
    dataset: str | None = None
    dataset_revision: str | None = None
    dataset_sha256: str | None = None
    samples: int | None = None
    mean_sequence_length: int | None = None
    max_sequence_length: int | None = None
    seed: int | None = None


class Production(Strict, frozen=True):
    """How the checkpoint was made: the tool, its version, on what, with which script."""

    tool: str = "llm-compressor"
    version: str | None = None
    script: str | None = None
    hardware: str | None = None
    duration: str | None = None


class Serve(Strict, frozen=True):
    """A way to serve it that the card advertises: a GPU, and arguments after `serve-args`.

    `log` is the log of vLLM's start on that GPU: with it memory is measured, not estimated.
    """

    gpu: str
    args: tuple[str, ...] = ()
    vllm: str | None = None
    note: str | None = None
    log: str | None = None


class Usage(Strict, frozen=True):
    """How to use it in another engine, in Markdown, and when that was last tried."""

    engine: str
    text: str
    as_of: date


class Engine(Strict, frozen=True):
    """Whether an engine reads the checkpoint, as somebody tried or read it.

    `versions` is one release, or a specifier as pip writes it; other words are shown as they are.
    """

    engine: str
    works: bool
    note: str
    as_of: date
    versions: str | None = None
    link: str | None = None


class Issue(Strict, frozen=True):
    """A known issue; `as_of` says when it was last looked at, so that it can go stale visibly.

    `affected` is a version specifier as pip writes it (`>=0.17,<0.20`), `fixed` the release with
    the fix. Both are about `engine`.
    """

    title: str
    text: str
    as_of: date
    link: str | None = None
    engine: str = "vllm"
    affected: str | None = None
    fixed: str | None = None


class Evaluation(Strict, frozen=True):
    """Results of lm-eval: its JSON for this checkpoint, and for the base in the same harness.

    `note` says what both have in common that the files do not tell.
    """

    results: str
    base: str | None = None
    note: str | None = None


class Benchmark(Strict, frozen=True):
    """Where a task of lm-eval is a benchmark of the Hub's: the dataset that it is registered as."""

    dataset: str
    task_id: str
    metric: str


class Policy(Strict, frozen=True):
    """What a push demands of the report."""

    levels: tuple[str, ...] = ("headers", "bytes")
    strict: bool = False


class Card(Strict, frozen=True):
    """Fields of the card's header that cannot be derived."""

    pipeline_tag: str | None = None
    language: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Manifest(Strict, frozen=True):
    """A parsed release.toml. `rationale` maps a config group, or a dtype, to why it is so.

    `benchmarks` maps a task of lm-eval to the benchmark of the Hub that it is.
    """

    repo: str
    license: str
    base: Base
    checkpoint: str | None = None
    license_name: str | None = None
    license_link: str | None = None
    summary: str | None = None
    quantized_by: str | None = None
    intended_use: str | None = None
    out_of_scope: str | None = None
    limitations: str | None = None
    citation: str | None = None
    contact: str | None = None
    serve_args: tuple[str, ...] = ()
    extra_files: tuple[str, ...] = ()
    rationale: dict[str, str] = {}
    calibration: Calibration | None = None
    production: Production | None = None
    ancestors: tuple[Ancestor, ...] = ()
    serve: tuple[Serve, ...] = ()
    usage: tuple[Usage, ...] = ()
    engines: tuple[Engine, ...] = ()
    known_issues: tuple[Issue, ...] = ()
    evaluation: tuple[Evaluation, ...] = ()
    benchmarks: dict[str, Benchmark] = {}
    card: Card = Card()
    policy: Policy = Policy()
    smoke: Expectations = Expectations()
    allow: tuple[Allow, ...] = ()

    @property
    def dated(self) -> tuple[Dated, ...]:
        """Every entry that says when it was last looked at."""
        issues = (
            Dated(f"known-issues[{i}]", issue.as_of, issue.engine, issue.affected, issue.fixed)
            for i, issue in enumerate(self.known_issues)
        )
        engines = (
            Dated(f"engines[{i}]", entry.as_of, entry.engine, specifier(entry.versions))
            for i, entry in enumerate(self.engines)
        )
        usage = (
            Dated(f"usage[{i}]", entry.as_of, entry.engine) for i, entry in enumerate(self.usage)
        )
        return *issues, *engines, *usage
