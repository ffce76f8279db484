"""Tables of what fits: the answer, where the memory goes, and how many requests of which length."""

from collections.abc import Sequence

from release.fit.solve import Fit
from release.memory.budget import Term
from release.tables import Table
from release.units import binary_bytes

LENGTHS = (1 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 1 << 20)
STARTING = "This starts"
VERDICTS = {True: "yes", False: "no", None: "not certain"}


def verdict(fit: Fit) -> str:
    """One line: whether it starts, and why or with what."""
    return f"Starts: {VERDICTS[fit.answer.starts]} – {fit.answer.why}"


def fit_tables(fit: Fit) -> tuple[Table, ...]:
    """The answer, the memory, requests by length, kernels."""
    tables = [answer_table(fit), memory_table(fit.answer.terms), requests_table([fit])]
    if fit.kernels:
        rows = tuple(fit.kernels.items())
        tables.append(Table("Kernels", ("Scheme", "On this GPU"), rows))
    return tuple(tables)


def commands(fit: Fit, change: Fit | None) -> tuple[tuple[str, str], ...]:
    """What was asked and, if that does not start, the nearest command that does."""
    asked = ("This is for", fit.command)
    return (asked,) if change is None else (asked, (STARTING, change.command))


def answer_table(fit: Fit) -> Table:
    """The figures that vLLM will print, and those it would not; from least to most memory."""
    answer = fit.answer
    least, most = answer.at_least, answer.at_most
    length = f"{least.max_model_len:,}"
    if least.max_model_len != most.max_model_len:
        length = f"{length} to {most.max_model_len:,}"
    block = f"{answer.block_size:,} tokens" if answer.block_size else "a state"
    rows = (
        ("Starts", VERDICTS[answer.starts]),
        ("Because", answer.why),
        ("Available for the cache", _span(*answer.available_range)),
        ("Block", f"{block}, {binary_bytes(answer.bytes_per_block)}"),
        ("Blocks", _counts(least.num_blocks, most.num_blocks)),
        ("KV cache size", f"{_counts(least.tokens, most.tokens)} tokens"),
        (
            f"Requests of {length} tokens",
            _counts(least.max_concurrency, most.max_concurrency, ".2f"),
        ),
        ("Short requests at once", _counts(least.short_requests, most.short_requests)),
        (
            "Longest single request",
            f"{_counts(least.longest_request, most.longest_request)} tokens",
        ),
        ("Limited by", answer.binds),
    )
    note = "assumes " + "; ".join(fit.assumptions)
    return Table("What fits", ("", "Answer"), rows, note=note)


def memory_table(terms: Sequence[Term]) -> Table:
    """Each part of the GPU's memory and how it is known."""
    rows = tuple((term.name, _span(term.low, term.high), term.basis, term.source) for term in terms)
    return Table("Memory of a GPU", ("Part", "Size", "Known", "From"), rows, frozenset({1}))


def requests_table(fits: Sequence[Fit]) -> Table:
    """How many requests of each length fit, one column for each answer."""
    longest = max(fit.longest for fit in fits)
    lengths = [length for length in LENGTHS if length < longest]
    columns = ("Length in tokens", *(_column(fit) for fit in fits))
    rows = tuple(
        (f"{length:,}", *(_requests(fit, length) for fit in fits)) for length in (*lengths, longest)
    )
    admitted = [fit.settled.sequences for fit in fits]
    note = f"max_num_seqs admits {_counts(min(admitted), max(admitted))}"
    return Table("Requests at once", columns, rows, frozenset(range(len(columns))), note=note)


def _requests(fit: Fit, length: int) -> str:
    low, high = fit.requests(length)
    return _counts(low, high, ",.1f") if high else "–"


def _column(fit: Fit) -> str:
    gpu = fit.question.gpu
    name = gpu.name if gpu else binary_bytes(fit.answer.at_least.available_bytes)
    label = f"{fit.question.label}, " if fit.question.label else ""
    return f"{label}{name}, {fit.settled.serving.kv_cache_dtype} KV"


def _counts(low: float, high: float, form: str = ",") -> str:
    least, most = format(low, form), format(high, form)
    return least if least == most else f"{least} to {most}"


def _span(low: int, high: int) -> str:
    if low == high:
        return binary_bytes(low)
    return f"{binary_bytes(low)} to {binary_bytes(high)}"
