"""Where `checks/` and `templates/` are: inside an installed wheel, or beside it in a checkout."""

from pathlib import Path


def content(name: str) -> Path:
    """Return the folder `name` ("checks" or "templates") that this installation uses."""
    package = Path(__file__).parent
    installed = package / name
    return installed if installed.is_dir() else package.parent / name
