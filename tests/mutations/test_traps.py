"""No rule speaks above info where nothing is wrong."""

import pytest

from release.facts import Level
from release.rules.catalogue import is_code
from release.verify import Request, verify
from tests.conftest import GOOD, Drafts
from tests.mutations.fault import EVERY
from tests.mutations.traps import BUILT_IN, TRAPS, Trap

CASES = [
    pytest.param(trap, name, id=f"{trap.number} {trap.name}, {name}")
    for trap in TRAPS
    for name in trap.on
]


@pytest.mark.parametrize(("trap", "name"), CASES)
def test_a_trap_catches_no_rule(trap: Trap, name: str, draft: Drafts) -> None:
    made = draft(name)
    trap.change(made)
    found = verify(Request(made.path, Level.BYTES)).findings
    serious = [finding for finding in found if finding.severity != "info"]
    assert not serious, "\n".join(f"{f.rule} {f.where}: {f.message}" for f in serious)


def test_every_trap_is_built_in_or_made() -> None:
    assert {trap.number for trap in TRAPS} | BUILT_IN.keys() == set(range(1, 38))
    for place in BUILT_IN.values():
        _, test, code = place.partition("test: ")
        assert is_code(code) if test else place in EVERY
    assert len(GOOD) == len(EVERY)
