"""Ways to serve it that a card advertises: each command held against the GPU it is for."""

import shlex
from pathlib import Path
from typing import Any, Literal

import msgspec

from release.card.beside import read_beside
from release.card.commands import read_command
from release.errors import ReleaseError
from release.fit.audit import audit
from release.fit.changes import smallest_change
from release.fit.solve import Fit, Question
from release.fit.subject import NotEstimated, Subject
from release.manifest import Manifest
from release.manifest.tables import Serve
from release.memory.command import Command
from release.memory.gpus import Gpu, find_gpu
from release.memory.logs import read_log
from release.memory.options import Options
from release.memory.versions import NEWEST
from release.report import Report
from release.tables import Table
from release.units import binary_bytes

SHORT = 80  # characters
LOG_CAP = 64 << 20  # bytes
Verdict = Literal["starts", "may start", "not estimated"]


class Profile(msgspec.Struct, frozen=True):
    """A command, the GPU it is for, and what is known of it there.

    `lines` is the command, an option a line. `tested` says that this very command ran with these
    files. `why` is why it starts, may start, or is not estimated.
    """

    name: str
    command: str
    lines: tuple[str, ...]
    vllm: str
    verdict: Verdict
    why: str
    measured: bool
    tested: bool
    note: str | None = None
    cache_dtype: str | None = None
    max_model_len: int | None = None
    available: tuple[int, int] | None = None
    tokens: int | None = None
    max_concurrency: float | None = None
    at_once: float | None = None
    longest_request: int | None = None
    kernels: dict[str, str] = {}
    assumptions: tuple[str, ...] = ()


class Advertised(msgspec.Struct, frozen=True):
    """Every profile of a manifest, and the answers behind those that have one."""

    profiles: tuple[Profile, ...]
    fits: tuple[Fit, ...]


def advertise(manifest: Manifest, subject: Subject | str, report: Report, home: Path) -> Advertised:
    """Answer for every `[[serve]]`; `subject` is a reason where the model is not known.

    Raises `ReleaseError` for a command that cannot start on its GPU, with the nearest that can.
    """
    profiles, fits = [], []
    for position, serve in enumerate(manifest.serve):
        argv = (manifest.repo, *manifest.serve_args, *serve.args)
        place = f"serve[{position}]"
        gpu = _gpu(serve, place)
        command = read_command(argv, serve.vllm or NEWEST, place)
        found = _answer(serve, command, gpu, subject, home)
        if isinstance(found, Fit):
            _require_start(found, subject, manifest.repo, place)
            fits.append(found)
        tested = is_served(report, argv, gpu.name)
        profiles.append(_profile(serve, argv, found, subject, tested))
    return Advertised(tuple(profiles), tuple(fits))


def is_served(report: Report, argv: tuple[str, ...], gpu: str | None = None) -> bool:
    """Whether this very command was run against the checkpoint, and nothing was wrong with it.

    Where it is for a GPU, only a run on that one counts.
    """
    served: Any = (report.facts.get("smoke") or {}).get("served") or {}
    same = tuple(served.get("argv", ())) == argv and served.get("gpu") == gpu
    ran = same and not served.get("cause")
    return ran and not any(finding.rule == "S108" for finding in report.findings)


def command_lines(argv: tuple[str, ...]) -> tuple[str, ...]:
    """`vllm serve` quoted for a shell, each option on a line of its own if it is long."""
    whole = shlex.join(("vllm", "serve", *argv))
    if len(whole) <= SHORT:
        return (whole,)
    lines = [f"vllm serve {shlex.quote(argv[0])}"]
    for argument in argv[1:]:
        if argument.startswith("-") or not lines[1:]:
            lines.append(f"  {shlex.quote(argument)}")
        else:
            lines[-1] += f" {shlex.quote(argument)}"
    return tuple(line + (" \\" if line is not lines[-1] else "") for line in lines)


def hardware_table(profiles: tuple[Profile, ...]) -> Table | None:
    """One row a profile: what vLLM will have for its cache there, and what that holds."""
    known = [profile for profile in profiles if profile.verdict != "not estimated"]
    if not known:
        return None
    columns = (
        *("GPU", "KV cache", "Memory for it", "Holds tokens", "One request, longest"),
        *("Requests at once", "Starts"),
    )
    rows = tuple(
        (
            profile.name,
            profile.cache_dtype or "",
            _span(profile.available),
            f"{profile.tokens or 0:,}",
            f"{profile.longest_request or 0:,}",
            f"{profile.at_once or 0:,.2f} of {profile.max_model_len or 0:,}",
            _certainty(profile),
        )
        for profile in known
    )
    note = "lengths in tokens, all for the least memory of the range"
    return Table("Hardware", columns, rows, frozenset({3, 4, 5}), (), note)


def kernels_table(profiles: tuple[Profile, ...]) -> Table | None:
    """How each scheme is computed on each GPU: natively, or not."""
    gpus = {profile.name: profile.kernels for profile in profiles if profile.kernels}
    schemes = list(dict.fromkeys(scheme for kernels in gpus.values() for scheme in kernels))
    if not gpus:
        return None
    rows = tuple((name, *(gpus[name].get(s, "") for s in schemes)) for name in gpus)
    return Table("Kernels by GPU", ("GPU", *schemes), rows)


def _gpu(serve: Serve, place: str) -> Gpu:
    try:
        return find_gpu(serve.gpu)
    except ReleaseError as error:
        what = f"{place}.gpu: {error.what}"
        raise ReleaseError(what, where="release.toml", hint=error.hint) from None


def _answer(
    serve: Serve, command: Command, gpu: Gpu, subject: Subject | str, home: Path
) -> Fit | str:
    """The answer, or why there is none."""
    if isinstance(subject, str):
        return command.gap() or subject
    log = read_log(read_beside(home, serve.log, LOG_CAP)) if serve.log else None
    try:
        return audit(subject, command, Question(vllm=serve.vllm or NEWEST, gpu=gpu, log=log))
    except NotEstimated as error:
        return error.what.removeprefix("not estimated: ")


def _require_start(fit: Fit, subject: Subject | str, repo: str, place: str) -> None:
    if fit.answer.starts is not False or isinstance(subject, str):
        return
    change = smallest_change(msgspec.structs.replace(subject, name=repo), fit)
    hint = f"this starts: {change.command}" if change else "no change of memory options makes it"
    gpu = fit.question.gpu
    what = f"{place} does not start on {gpu.name if gpu else 'its GPU'}: {fit.answer.why}"
    raise ReleaseError(what, where="release.toml", hint=hint)


def _profile(
    serve: Serve, argv: tuple[str, ...], found: Fit | str, subject: Subject | str, tested: bool
) -> Profile:
    lines = command_lines(argv)
    command = shlex.join(("vllm", "serve", *argv))
    vllm = serve.vllm or NEWEST
    if isinstance(found, str):
        return Profile(
            *(serve.gpu, command, lines, vllm, "not estimated", found, False, tested, serve.note)
        )
    answer, options = found.answer, found.question.options
    ranks = found.settled.serving.tensor_parallel_size * _stages(options)
    gpu = found.question.gpu
    name = gpu.name if gpu else serve.gpu
    return Profile(
        name=f"{ranks} × {name}" if ranks > 1 else name,
        command=command,
        lines=lines,
        vllm=vllm,
        verdict="starts" if answer.starts else "may start",
        why=answer.why,
        measured=any(term.basis == "measured" for term in answer.terms),
        tested=tested,
        note=serve.note,
        cache_dtype=_cache_dtype(found, subject),
        max_model_len=answer.at_least.max_model_len,
        available=answer.available_range,
        tokens=answer.at_least.tokens,
        max_concurrency=answer.at_least.max_concurrency,
        at_once=min(answer.at_least.max_concurrency, found.settled.sequences),
        longest_request=answer.at_least.longest_request,
        kernels=found.kernels,
        assumptions=found.assumptions,
    )


def _cache_dtype(fit: Fit, subject: Subject | str) -> str:
    """The KV cache's dtype; what `auto` stands for where it was not asked for."""
    asked = fit.settled.serving.kv_cache_dtype
    if asked != "auto" or isinstance(subject, str):
        return asked
    return "fp8" if subject.traits.calibrated else subject.config.dtype or asked


def _stages(options: Options) -> int:
    return options.pipeline_parallel_size or 1


def _certainty(profile: Profile) -> str:
    if profile.tested:
        return "yes, run"
    if profile.verdict == "may start":
        return "not certain"
    return "yes, measured memory" if profile.measured else "yes, estimated memory"


def _span(span: tuple[int, int] | None) -> str:
    low, high = span or (0, 0)
    return binary_bytes(low) if low == high else f"{binary_bytes(low)} to {binary_bytes(high)}"
