"""How far the weights are from the base's, as a table."""

from typing import Any

from release.tables import Reported, Table, is_known


def distance_table(facts: Reported) -> Table | None:
    """One row a scheme: signal to rounding noise in dB, cosine, largest error."""
    base: Any = facts.get("base")
    if base is None or not is_known(base):
        return None
    columns = ("Scheme", "Weights", "SQNR, lowest", "SQNR, median", "Cosine, lowest", "Error, most")
    rows = tuple(
        (
            row["scheme"],
            f"{row['modules']:,}",
            _decibels(row["lowest_sqnr"]),
            _decibels(row["median_sqnr"]),
            f"{row['lowest_cosine']:.5f}",
            f"{100 * row['largest_error']:.2f}%",
        )
        for row in base["schemes"]
    )
    note = "error: the largest difference over the largest weight"
    return Table("Distance", columns, rows, frozenset(range(1, 6)), (), note)


def _decibels(value: float | None) -> str:
    return "no error" if value is None else f"{value:.1f} dB"
