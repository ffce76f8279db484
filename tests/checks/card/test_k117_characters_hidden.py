import pytest

from tests.checks.card.conftest import AuditLines


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("It takes 2\u200b5.18 GB.", "U+200B zero width space"),
        ("It takes 25\u2060.18 GB.", "U+2060 word joiner"),
        ("It takes 25.18\u00adGB.", "U+00AD soft hyphen"),
        ("It takes \u202e81.52\u202c GB.", "U+202E right-to-left override"),
        ("It takes \u206681.52\u2069 GB.", "U+2066 left-to-right isolate"),
        ("```bash\npip install vl\u200dlm\n```", "U+200D zero width joiner"),
    ],
)
def test_fires_on_what_splits_or_turns_a_word(text: str, name: str, audit: AuditLines) -> None:
    (found,) = audit("K117", text)
    assert found.endswith(f"warning holds {name}, which the page does not show")


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffIt takes 25.18 GB.",
        "\U0001f468\u200d\U0001f4bb It takes 25.18 GB.",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u2067\u05e9\u05dc\u05d5\u05dd\u2069 25.18 GB",
        "\u200bIt takes 25.18 GB.",
    ],
)
def test_silent_on_what_a_script_needs(text: str, audit: AuditLines) -> None:
    assert audit("K117", text) == []
