"""Tables for people, built from reported facts; the terminal and the card print the same ones."""

from collections.abc import Mapping
from typing import Any

import msgspec

from release.units import binary_bytes, decimal_bytes, parameters, percent

Reported = Mapping[str, Any]
"""The `facts` of a report: JSON values, or `{"not_estimated": reason}` in their place."""

LAYERS_SHOWN = 12
READERS = {
    "vllm": "version",
    "compressed-tensors": "compressed_tensors",
    "transformers": "transformers",
}
UNITS = "kB, MB, GB count in powers of 10; KiB, MiB, GiB in powers of 2"


class Table(msgspec.Struct, frozen=True):
    """A titled table of text. `numeric` columns are right-aligned; `total` is its last row."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    total: tuple[str, ...] = ()
    note: str = ""


def is_known(fact: Any) -> bool:
    """Whether a reported fact is there, or only the reason why it is not."""
    return fact is not None and not (isinstance(fact, Mapping) and "not_estimated" in fact)


def reason(fact: Any) -> str:
    """Why a reported fact is not known."""
    return "not reported" if fact is None else str(fact["not_estimated"])


def all_tables(facts: Reported) -> tuple[Table, ...]:
    """Every table, in the order a reader asks."""
    make = (
        weights_table,
        *((rank_table,) if "each_gpu" in facts else ()),
        precision_table,
        parameters_table,
        architecture_table,
        cache_table,
        versions_table,
    )
    return tuple(table(facts) for table in make)


def weights_table(facts: Reported) -> Table:
    """Bytes by component and scheme; the rows sum to the total, which the files hold."""
    title, columns = "Weights", ("Component", "Size", "Share", "Precision")
    weights: Any = facts.get("weights")
    if not is_known(weights):
        return _unknown(title, weights)
    total = weights["total_bytes"]
    rows = tuple(
        (
            part["name"],
            decimal_bytes(part["bytes"]),
            percent(part["bytes"], total),
            _shares(part["schemes"], part["bytes"]),
        )
        for part in weights["components"]
    )
    last = ("Total", decimal_bytes(total), "", binary_bytes(total))
    computed = facts.get("computed")
    note = f"{UNITS}; {computed}" if computed else UNITS
    return Table(title, columns, rows, frozenset({1, 2}), last, note)


def rank_table(facts: Reported) -> Table:
    """Bytes that each GPU of a tensor-parallel group loads, by component."""
    several, each = "Weights on each GPU", facts["each_gpu"]
    if not is_known(each):
        return _unknown(several, each)
    if "refused" in each:
        return Table(several, ("vLLM does not start so",), ((each["refused"],),))
    rows = tuple((name, decimal_bytes(size)) for name, size in each["components"].items())
    last = ("Total", f"{decimal_bytes(each['total_bytes'])}, {binary_bytes(each['total_bytes'])}")
    title = f"Weights on each of {each['gpus']} GPUs"
    note = "as vLLM splits them: KV heads replicated, the vocabulary padded; without the MTP head"
    return Table(title, ("Component", "Size"), rows, frozenset({1}), last, note)


def serving_table(facts: Reported) -> Table:
    """Which kernel served each scheme, as the smoke test saw it."""
    title, columns = "Kernels", ("Scheme", "Kernel", "Layers of vLLM")
    smoke: Any = facts.get("smoke")
    if not is_known(smoke):
        return _unknown(title, smoke)
    rows = tuple((row["scheme"], row["kernel"], f"{row['layers']:,}") for row in smoke["serving"])
    return Table(title, columns, rows, frozenset({2}))


def precision_table(facts: Reported) -> Table:
    """Which modules are stored in which scheme, as the groups really resolved."""
    title = "Precision"
    columns = ("Scheme", "Group", "Modules", "What", "Layers")
    rows: Any = facts.get("precision")
    if not is_known(rows):
        return _unknown(title, rows)
    cells: tuple[tuple[str, ...], ...] = tuple(
        (
            row["scheme"],
            row["group"] or "–",
            f"{row['modules']:,}",
            row["detail"],
            layers_text(row["layers"]),
        )
        for row in rows
    )
    return Table(title, columns, cells, frozenset({2}))


def architecture_table(facts: Reported) -> Table:
    """What config.json states of the model: layers by kind, sizes."""
    title, columns = "Architecture", ("Setting", "Value")
    model: Any = facts.get("model")
    if not is_known(model):
        return _unknown(title, model)
    kinds = [(f"Layers: {kind}", f"{count:,}") for kind, count in model["layer_types"].items()]
    settings = [(name, f"{value:,}") for name, value in model["settings"].items()]
    rows = (("Class", model["architecture"] or model["model_type"]), *kinds, *settings)
    return Table(title, columns, rows, frozenset({1}))


def parameters_table(facts: Reported) -> Table:
    """The true parameter count beside the one that the Hub's page will show."""
    title, columns = "Parameters", ("Count", "Parameters", "Exactly")
    weights: Any = facts.get("weights")
    if not is_known(weights):
        return _unknown(title, weights)
    true, shown = weights["parameters"], weights["hub_parameters"]
    rows = [("True", parameters(true), f"{true:,}"), ("Hub page", parameters(shown), f"{shown:,}")]
    rows += [
        (f"of these {share['name']}", parameters(share["parameters"]), f"{share['parameters']:,}")
        for share in weights["schemes"]
    ]
    return Table(title, columns, tuple(rows), frozenset({1, 2}))


def cache_table(facts: Reported) -> Table:
    """What one token and one sequence cost in cache, for each KV cache dtype."""
    title = "KV cache"
    cache: Any = facts.get("kv")
    if not is_known(cache):
        return _unknown(title, cache)
    length = context_length(facts)
    fixed = {
        dtype: cache["state_bytes_per_sequence"] + window
        for dtype, window in cache["window_bytes_per_sequence"].items()
    }
    whole = cache.get("bytes_per_request", {})
    columns: tuple[str, ...] = ("KV cache dtype", "Per token", "Per sequence, fixed")
    if length:
        columns = (*columns, f"One request of {length:,} tokens")
    rows = tuple(
        (
            dtype,
            binary_bytes(size),
            binary_bytes(fixed[dtype]),
            *([binary_bytes(whole.get(dtype, size * length + fixed[dtype]))] if length else ()),
        )
        for dtype, size in cache["bytes_per_token"].items()
    )
    note = f"one GPU, before vLLM's block padding; per token: {cache['formula']}"
    if whole and length:
        step = cache["step_tokens"]
        note += f"; a request with what steps of {step:,} tokens add to each window, in blocks"
    return Table(title, columns, rows, frozenset(range(1, len(columns))), (), note)


def versions_table(facts: Reported) -> Table:
    """The oldest release of each package that can read the checkpoint, and what asks for it."""
    title, columns = "Versions", ("Package", "Release", "For")
    minimum: Any = facts.get("minimum_vllm")
    if not is_known(minimum):
        return _unknown(title, minimum)
    rows: list[tuple[str, ...]] = []
    for package, key in READERS.items():
        bounds = [b for b in minimum["bounds"] if b["package"] == package]
        needed = [b["why"] for b in bounds if b["version"] == minimum[key] and not b["before"]]
        if minimum[key]:
            rows.append((package, f">= {minimum[key]}", ", ".join(needed)))
        gone = [b["why"] for b in bounds if b["before"]]
        if gone:
            rows.append((package, f"< {minimum['before']}", ", ".join(gone)))
    if minimum["capability"]:
        major, minor = divmod(minimum["capability"], 10)
        rows.append(("compute capability", f">= {major}.{minor}", "kernels of vLLM 0.32"))
    rows += [("not known", "", reason) for reason in minimum["unknown"]]
    return Table(title, columns, tuple(rows))


def context_length(facts: Reported) -> int | None:
    """Tokens that config.json says the model was made for, if it does."""
    model: Any = facts.get("model")
    if not is_known(model):
        return None
    length: int | None = model["settings"].get("max_position_embeddings")
    return length


def layers_text(layers: Mapping[str, int]) -> str:
    """`mlp.down_proj ×64, lm_head`: module names without the path to their layer."""
    short: dict[str, int] = {}
    for pattern, count in layers.items():
        name = pattern.rpartition(".*.")[2].removeprefix("model.")
        short[name] = short.get(name, 0) + count
    names = [name if count == 1 else f"{name} ×{count:,}" for name, count in short.items()]
    more = len(names) - LAYERS_SHOWN
    return ", ".join(names[:LAYERS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _shares(schemes: Mapping[str, int], total: int) -> str:
    if len(schemes) == 1:
        return next(iter(schemes))
    return ", ".join(f"{name} {percent(size, total)}" for name, size in schemes.items())


def _unknown(title: str, fact: Any) -> Table:
    return Table(title, ("Not estimated",), ((reason(fact),),))
