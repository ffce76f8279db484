"""The card gives two licences, or another than release.toml.

What it checks: the licence in the header against release.toml, where there is one, and against the
    licence that the section on the licence names.
Why it matters: readers rely on one of the two, and the wrong one binds them to terms that the owner
    of the base model did not give.
How to fix: find out which is right, correct the other; a quantization takes its base's licence.
Seen in: cards of Llama and Gemma derivatives marked apache-2.0.
"""

import re

from release.audit.page import Line, Page
from release.audit.published import Published
from release.audit.subjects import is_about
from release.audit.words import patterns
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

NAMES = {
    r"apache(?:[ -]license)?,?[ -]*(?:version )?2(?:\.0)?": "apache-2.0",
    r"\bMIT\b": "mit",
    r"llama[ -]?3\.1": "llama3.1",
    r"llama[ -]?3\.2": "llama3.2",
    r"llama[ -]?3\.3": "llama3.3",
    r"cc[ -]by[ -]nc[ -]4\.0": "cc-by-nc-4.0",
    r"cc[ -]by[ -]4\.0": "cc-by-4.0",
    r"bsd[ -]3[ -]clause": "bsd-3-clause",
}


@rule(since="0.1.0")
def check(page: Page, published: Published | Unknown) -> Findings:
    """Compare them."""
    license_ = page.fields.get("license")
    if not isinstance(license_, str):
        return
    if not isinstance(published, Unknown) and published.license != license_:
        where = Where(file=page.name, path="license", line=page.line_of("license"))
        what = f"the header says {license_}, release.toml says {published.license}"
        yield Found(where, what, "correct one of them")
    for line in page.lines:
        if not _is_about_it(line):
            continue
        named = {key for form, key in NAMES.items() if re.search(form, line.text, re.IGNORECASE)}
        if named and license_ not in named and license_ in NAMES.values():
            what = f"names {', '.join(sorted(named))}, the header says {license_}"
            yield Found(Where(file=page.name, line=line.number), what, "correct one of them")


def _is_about_it(line: Line) -> bool:
    """Whether it stands in a section on the licence, or gives it behind a label."""
    label = line.cells[0] if line.cells else line.text.partition(":")[0]
    heading = line.heading.rpartition(" / ")[2]
    return is_about("licence", label) or patterns("labels")["licence"].search(heading) is not None
