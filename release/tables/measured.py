"""What was predicted of each start of vLLM, and what it measured."""

from typing import Any

from release.tables import Reported, Table, is_known
from release.units import binary_bytes


def measured_table(facts: Reported) -> Table | None:
    """One row a figure; None where no start measured any."""
    smoke: Any = facts.get("smoke")
    predictions = smoke.get("predictions", ()) if is_known(smoke) else ()
    rows = tuple(
        (
            each["start"],
            figure["name"],
            _span(figure["predicted"], figure["unit"]),
            _span(figure["measured"], figure["unit"]),
        )
        for each in predictions
        for figure in each["figures"]
    )
    columns = ("Start", "Figure", "Predicted", "Measured")
    return Table("Measured", columns, rows) if rows else None


def _span(values: Any, unit: str) -> str:
    """A range, or one value where both ends read the same."""
    texts = [
        binary_bytes(max(int(value), 0)) if unit == "bytes" else f"{value:,.0f}" for value in values
    ]
    text = " to ".join(dict.fromkeys(texts))
    return text if unit == "bytes" else f"{text} {unit}"
