"""The site also serves the JSON Schemas that ship in the wheel."""

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

SCHEMAS = Path(__file__).parent.parent / "release" / "schemas"


def on_files(files: Files, config: Any) -> Files:
    """Put them beside the pages that link to them."""
    for path in sorted(SCHEMAS.glob("*.json")):
        files.append(File.generated(config, f"reference/{path.name}", abs_src_path=str(path)))
    return files
