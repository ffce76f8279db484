from pathlib import Path

from tests.conftest import Judge
from tests.mutate import Draft


def move_out(draft: Draft, name: str, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    (draft.path / name).rename(to)


def test_fires_when_a_link_leaves_the_folder(mixed: Draft, findings: Judge, tmp_path: Path) -> None:
    move_out(mixed, "tokenizer.json", tmp_path / "elsewhere" / "tokenizer.json")
    (mixed.path / "tokenizer.json").symlink_to("../elsewhere/tokenizer.json")
    assert findings("F117", mixed) == ["error tokenizer.json"]


def test_fires_when_a_link_leads_nowhere_or_in_a_circle(mixed: Draft, findings: Judge) -> None:
    (mixed.path / "gone.json").symlink_to("nothing.json")
    (mixed.path / "one.json").symlink_to("two.json")
    (mixed.path / "two.json").symlink_to("one.json")
    assert findings("F117", mixed) == ["error gone.json", "error one.json", "error two.json"]


def test_fires_when_a_folder_is_linked(mixed: Draft, findings: Judge) -> None:
    mixed.write("real/notes.txt", "x")
    (mixed.path / "linked").symlink_to("real")
    assert findings("F117", mixed) == ["error linked"]


def test_fires_as_warning_when_the_link_stays_inside(mixed: Draft, findings: Judge) -> None:
    (mixed.path / "copy.json").symlink_to("config.json")
    assert findings("F117", mixed) == ["warning copy.json"]


def test_silent_in_a_snapshot_of_the_hub_cache(
    mixed: Draft, findings: Judge, tmp_path: Path
) -> None:
    snapshot = tmp_path / "models--someone--model" / "snapshots" / "0a1b2c"
    snapshot.mkdir(parents=True)
    for number, file in enumerate(sorted(mixed.path.iterdir())):
        blob = snapshot.parent.parent / "blobs" / f"{number:040x}"
        move_out(mixed, file.name, blob)
        (snapshot / file.name).symlink_to(f"../../blobs/{blob.name}")
    mixed.path = snapshot
    assert findings("F117", mixed) == []
    assert mixed.read()["model_type"]


def test_silent_when_the_checkpoint_itself_is_a_link(
    mixed: Draft, findings: Judge, tmp_path: Path
) -> None:
    (tmp_path / "latest").symlink_to(mixed.path.name)
    mixed.path = tmp_path / "latest"
    assert findings("F117", mixed) == []
