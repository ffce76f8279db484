import os

from release.units import GB
from tests.conftest import Judge
from tests.mutate import Draft


def sparse(draft: Draft, name: str, size: int) -> Draft:
    draft.write(name, b"")
    os.truncate(draft.path / name, size)
    return draft


def test_fires_when_the_hub_refuses_the_file(mixed: Draft, findings: Judge) -> None:
    assert findings("F119", sparse(mixed, "big.dat", 501 * GB)) == ["error big.dat"]


def test_fires_as_warning_when_downloads_refuse_it(mixed: Draft, findings: Judge) -> None:
    assert findings("F119", sparse(mixed, "big.dat", 51 * GB)) == ["warning big.dat"]


def test_fires_as_warning_when_a_folder_is_crowded(mixed: Draft, findings: Judge) -> None:
    (mixed.path / "many").mkdir()
    for number in range(10_001):
        os.link(mixed.path / "config.json", mixed.path / "many" / f"{number}.json")
    assert findings("F119", mixed) == ["warning many/"]


def test_silent_for_the_largest_usual_shard(mixed: Draft, findings: Judge) -> None:
    assert findings("F119", sparse(mixed, "big.dat", 50 * GB)) == []


def test_silent_when_a_model_has_hundreds_of_shards(mixed: Draft, findings: Judge) -> None:
    for number in range(200):
        mixed.write(f"shard-{number}.dat", b"x")
    assert findings("F119", mixed) == []
