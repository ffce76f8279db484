"""Write a picture: SVG as it is, PNG with resvg."""

from pathlib import Path

from release.cli.console import write_bytes, write_result
from release.errors import ReleaseError

PAPER, ZOOM = "#ffffff", 2.0
# resvg has no idea which font stands for sans-serif: the first that is installed.
FONTS = ("Arial", "Helvetica", "DejaVu Sans", "Liberation Sans", "Noto Sans", "Segoe UI")
SAMPLE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
    '<text y="9" font-family="sans-serif">{}</text></svg>'
)


def write_picture(svg: str, path: Path) -> None:
    """Write it as its name says. Raises `ReleaseError`."""
    kind = path.suffix.lower()
    if kind == ".png":
        write_bytes(_rasterize(svg), path)
    elif kind == ".svg" or path == Path("-"):
        write_result(svg, path)
    else:
        raise ReleaseError("pictures are .svg or .png", where=str(path))


def _rasterize(svg: str) -> bytes:
    """A PNG for light pages and, as its paper is its own, for dark ones too."""
    try:
        from resvg_py import svg_to_bytes  # noqa: PLC0415 - an extra
    except ImportError:
        hint = "pip install 'release-checkpoint[png]', or name an .svg"
        raise ReleaseError("PNG needs resvg", hint=hint) from None
    blank = svg_to_bytes(svg_string=SAMPLE.format(""))
    for font in FONTS:
        if svg_to_bytes(svg_string=SAMPLE.format("M"), sans_serif_family=font) != blank:
            return bytes(
                svg_to_bytes(svg_string=svg, background=PAPER, zoom=ZOOM, sans_serif_family=font)
            )
    hint = "install one, or name an .svg"
    raise ReleaseError(f"PNG needs one of the fonts {', '.join(FONTS)}", hint=hint)
