"""Docs say what the code does, and the site that they become has no dead end."""

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from tests.conftest import ROOT


def test_docs_say_what_the_code_does() -> None:
    command = [sys.executable, "docs/generate.py", "--check"]
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, "run `make docs`, commit what it wrote; never merge by hand"


class _Page(HTMLParser):
    """The anchors of a page, what it links to, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value for name, value in attrs if value}
        self.anchors |= {value for name, value in found.items() if name in {"id", "name"}}
        target = found.get("src") or found.get("href")
        if target:
            (self.links if tag == "a" else self.loads).append(target)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, _Page]:
    """Every page of the site, built as `make site` does; mkdocs fails on its own warnings."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "-d", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {path: _Page(path) for path in folder.rglob("*.html") if path.name != "404.html"}


def test_every_link_of_the_site_leads_somewhere(site: dict[Path, _Page]) -> None:
    followed = 0
    for path, page in site.items():
        for link in page.links + page.loads:
            target, anchor = urldefrag(unquote(link))
            if ":" in target:
                continue
            place = (path.parent / target).resolve() if target else path
            assert place.exists(), f"{path.name}: {link}"
            if anchor and place in site:
                assert anchor in site[place].anchors, f"{path.name}: {link}"
            followed += 1
    assert followed > 50 * len(site)


def test_the_site_needs_no_other_server(site: dict[Path, _Page]) -> None:
    for path, page in site.items():
        assert [target for target in page.loads if ":" in target] == [], path.name
    for style in next(iter(site)).parent.glob("assets/stylesheets/*.css"):
        assert "url(http" not in style.read_text(encoding="utf-8")


def test_every_page_is_in_the_navigation(site: dict[Path, _Page]) -> None:
    start = next(page for path, page in site.items() if path.name == "index.html")
    pages = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    reached = {Path(link).with_suffix(".md") for link in start.links if link.endswith(".html")}
    assert pages - {Path("index.md")} <= reached
