from release.facts import Level
from release.manifest import Allow
from release.report import Report
from release.verify import Request, verify
from tests.mutate import Draft

TARGETS = "quantization_config.config_groups.group_1.targets"


def report_of(draft: Draft, *allows: Allow, select: tuple[str, ...] = ()) -> Report:
    return verify(Request(draft.path, Level.HEADERS, select=select, allow=allows))


def test_fires_when_nothing_needs_the_entry(mixed: Draft) -> None:
    report = report_of(mixed, Allow("Q101", "it was so once"), select=("Q101", "K109"))
    assert [(f.rule, f.severity, f.where.path) for f in report.findings] == [
        ("K109", "warning", "allow Q101")
    ]


def test_fires_for_a_rule_that_does_not_exist(mixed: Draft) -> None:
    report = report_of(mixed, Allow("Q999", "a typing error"), select=("K109",))
    assert [f.rule for f in report.findings] == ["K109"]


def test_silent_when_a_finding_is_taken_out(mixed: Draft) -> None:
    broken = mixed.config(TARGETS, ["re:.*experts.*"])
    allow = Allow("q101", "the larger sibling has experts", "config.json: *")
    report = report_of(broken, allow, select=("Q101", "K109"))
    assert (report.findings, [s.reason for s in report.suppressed]) == ((), [allow.reason])


def test_silent_when_the_rule_was_not_run(mixed: Draft) -> None:
    allow = Allow("Q101", "only for the whole run")
    assert report_of(mixed, allow, select=("K109",)).findings == ()


def test_silent_when_the_rule_could_not_be_checked(mixed: Draft) -> None:
    foreign = mixed.config("quantization_config.quant_method", "bitsandbytes")
    report = report_of(foreign, Allow("Q101", "not ours"), select=("Q101", "K109"))
    assert report.findings == ()
    assert report.exit_code() == 0
