from tests.card.conftest import manifest
from tests.checks.card.conftest import AuditLines


def test_fires_on_another_licence_than_the_manifest(audit: AuditLines) -> None:
    assert audit("K102", "", manifest=manifest(license="mit")) == [
        "-4 error the header says apache-2.0, release.toml says mit"
    ]


def test_fires_on_a_section_that_names_another(audit: AuditLines) -> None:
    assert audit("K102", "## License\n\nThe MIT license.\n") == [
        "3 error names mit, the header says apache-2.0"
    ]


def test_silent_where_all_agree(audit: AuditLines) -> None:
    text = (
        "## License\n\nApache License, Version 2.0, as the base.\n\n## Other\n\nMIT is a school.\n"
    )
    assert audit("K102", text, manifest=manifest()) == []
