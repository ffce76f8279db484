"""Every single fault is said by its rule at its place, and by no other rule."""

import pytest

from release.facts import Level
from release.rules import Finding
from release.verify import Request, verify
from tests.conftest import Drafts
from tests.mutations import base as base_faults
from tests.mutations import (
    bits,
    causes,
    config,
    declared,
    edits,
    exports,
    files,
    mishaps,
    origins,
    owners,
    quantization,
    resolution,
    scales,
    side_files,
    tensors,
    uploads,
    values,
)
from tests.mutations.fault import Fault

FAULTS: tuple[Fault, ...] = (
    *files.FAULTS,
    *config.FAULTS,
    *side_files.FAULTS,
    *quantization.FAULTS,
    *resolution.FAULTS,
    *owners.FAULTS,
    *tensors.FAULTS,
    *values.FAULTS,
    *scales.FAULTS,
    *base_faults.FAULTS,
    *bits.FAULTS,
    *mishaps.FAULTS,
    *origins.FAULTS,
    *causes.FAULTS,
    *edits.FAULTS,
    *declared.FAULTS,
    *exports.FAULTS,
    *uploads.FAULTS,
)


FOLLOWING = {"F114"}  # the sums of an index follow every change of sizes
CASES = [
    pytest.param(fault, checkpoint, id=f"{fault.rule}: {fault.name}, {checkpoint}")
    for fault in FAULTS
    for checkpoint in fault.on
]


def places(finding: Finding) -> set[str | None]:
    where = finding.where
    return {where.file, where.tensor, where.module, where.path, str(where)}


@pytest.mark.parametrize(("fault", "checkpoint"), CASES)
def test_a_fault_is_one_finding(fault: Fault, checkpoint: str, draft: Drafts, base: Drafts) -> None:
    broken = draft(checkpoint)
    place = fault.at if isinstance(fault.at, str) else fault.at(broken)
    fault.change(broken)
    origin = base(fault.base) if fault.base else None
    if origin and fault.origin:
        fault.origin(origin)
    report = verify(Request(broken.path, Level.BYTES, base=origin.path if origin else None))
    serious = [finding for finding in report.findings if finding.severity != "info"]
    said = "\n".join(f"{finding.rule} {finding.where}" for finding in serious)
    assert any(f.rule == fault.rule and place in places(f) for f in serious), f"{place}\n{said}"
    crosstalk = {finding.rule for finding in serious} - {fault.rule, *fault.also, *FOLLOWING}
    assert not crosstalk, said


def test_every_mishap_is_reproduced_or_belongs_elsewhere() -> None:
    known = {f"{fault.rule}: {fault.name}" for fault in FAULTS}
    assert {name for names in mishaps.MISHAPS.values() for name in names} <= known
    assert mishaps.MISHAPS.keys() | mishaps.ELSEWHERE.keys() == set(range(1, 42))
    assert not mishaps.MISHAPS.keys() & mishaps.ELSEWHERE.keys()
