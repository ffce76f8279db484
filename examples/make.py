"""Render the reference release: `python examples/make.py`.

The checkpoint has the headers and lengths of the real thing and no data (benchmarks/sparse.py), so
that it is verified on headers: the card says that its bytes were not read.
"""

import runpy
import tempfile
from pathlib import Path

from release.card import render_card
from release.checkpoint import open_checkpoint
from release.facts import Level
from release.facts.identity import CARD_FILE
from release.manifest import MANIFEST_FILE, load_manifest
from release.verify import Request, verify

ROOT = Path(__file__).parent.parent
HOME = Path(__file__).parent / "reference"
SHAPE = "27B"


def render() -> dict[Path, str]:
    """Give the card and its pictures, by the place where they are kept."""
    manifest = load_manifest(HOME / MANIFEST_FILE)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / manifest.repo.rpartition("/")[2]
        make = runpy.run_path(str(ROOT / "benchmarks" / "sparse.py"))["make"]
        make(SHAPE, place, whole_vocabulary=True)
        report = verify(Request(place, Level.HEADERS))
        card = render_card(report, manifest, open_checkpoint(place), HOME)
    texts = {CARD_FILE: card.text, **card.files}
    return {HOME / name: text for name, text in texts.items()}


def main() -> None:
    """Write them."""
    for path, text in render().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
