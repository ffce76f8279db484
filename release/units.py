"""Bytes, tokens and counts as people read them. GB is 10^9 bytes, GiB is 2^30 bytes."""

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
KB, MB, GB = 10**3, 10**6, 10**9


def decimal_bytes(count: int) -> str:
    """Format bytes in powers of ten, as disks and the Hub do: `25.18 GB`."""
    for unit, name in ((GB, "GB"), (MB, "MB"), (KB, "kB")):
        if count >= unit:
            return f"{count / unit:,.2f} {name}"
    return f"{count} B"


def binary_bytes(count: int) -> str:
    """Format bytes in powers of two, as GPU memory is counted: `23.45 GiB`."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if count >= unit:
            return f"{count / unit:,.2f} {name}"
    return f"{count} B"


def parameters(count: int) -> str:
    """Format a parameter count the way model names do: `27.36B`, `1.13M`."""
    for unit, name in ((GB, "B"), (MB, "M"), (KB, "K")):
        if count >= unit:
            return f"{count / unit:,.2f}{name}"
    return str(count)


def plural(count: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def percent(part: int, whole: int) -> str:
    """`45%`, `0.3%`, `<0.1%`; `–` of nothing."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if share >= 1:
        return f"{share:.0f}%"
    return f"{share:.1f}%" if share >= 0.1 or not part else "<0.1%"  # noqa: PLR2004 - one decimal
