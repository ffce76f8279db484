"""An index from a stranger: it names files, and never one outside the folder."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from release.checkpoint import open_checkpoint
from release.checkpoint.index import INDEX_FILE, missing_numbers, parse_index
from release.errors import CheckpointError, Fault
from release.verify import Request, verify
from tests.mutate import Draft, pack_shard

fuzz = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(leaves, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=8)
parts = st.sampled_from(
    [
        "..",
        "/",
        "\\",
        "\0",
        "C:",
        "file://",
        ".",
        "model",
        "~",
        "%2e%2e%2f",
        "\u2215",
        "-",
        "\ud800",
    ]
)
paths = st.lists(parts, max_size=5).map(lambda found: "".join(found) + ".safetensors")

opened: list[str] = []
watching = False


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if watching and event in {"open", "os.open"} and isinstance(arguments[0], (str, bytes)):
        path = arguments[0]
        opened.append(path if isinstance(path, str) else path.decode("utf-8", "replace"))


sys.addaudithook(watch)  # sees every file that this process opens; it cannot be taken out again


@pytest.fixture
def opens() -> Iterator[list[str]]:
    global watching  # noqa: PLW0603 - an audit hook has no other switch
    opened.clear()
    watching = True
    yield opened
    watching = False


def is_plain(name: str) -> bool:
    one_part = PurePosixPath(name).name == name == PureWindowsPath(name).name
    return one_part and name.endswith(".safetensors") and "\0" not in name and name[0] != "."


@pytest.mark.parametrize("part", ["/", "\\", "\0", ":"])
def test_a_name_with_a_part_of_a_path_is_refused(part: str) -> None:
    text = json.dumps({"weight_map": {"a": f"a{part}b.safetensors"}})
    with pytest.raises(CheckpointError):
        parse_index(text.encode())


def judge(value: Any) -> None:
    try:
        index = parse_index(json.dumps(value).encode())
    except CheckpointError as error:
        refusal = error
    else:
        assert all(map(is_plain, index.shards))
        return
    assert refusal.fault == Fault.INDEX
    assert "\n" not in str(refusal)
    assert len(str(refusal)) < 500


@fuzz
@given(values | st.dictionaries(st.sampled_from(["weight_map", "metadata"]), values))
def test_arbitrary_json_is_an_index_or_a_defect(value: Any) -> None:
    judge(value)


@fuzz
@given(st.dictionaries(st.text(max_size=5), paths | values, min_size=1))
def test_arbitrary_paths_are_plain_names_or_a_defect(weight_map: dict[str, Any]) -> None:
    judge({"weight_map": weight_map})


@pytest.mark.parametrize(
    "shard",
    [
        "../outside.safetensors",
        "{folder}/outside.safetensors",
        "sub/../../outside.safetensors",
        "..\\outside.safetensors",
        "outside.safetensors",
        "linked.safetensors",
        "outside.safetensors\0.safetensors",
    ],
)
def test_nothing_outside_the_folder_is_opened(tmp_path: Path, opens: list[str], shard: str) -> None:
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    weights = pack_shard({"a": ("U8", [1], b"\0")})
    (tmp_path / "outside.safetensors").write_bytes(weights)
    (folder / "inside.safetensors").write_bytes(weights)
    (folder / "linked.safetensors").symlink_to("../outside.safetensors")
    name = shard.replace("{folder}", str(tmp_path))
    (folder / INDEX_FILE).write_text(json.dumps({"weight_map": {"a": name}}))
    opens.clear()
    checkpoint = open_checkpoint(folder)
    touched = [Path(path) for path in opens if path.startswith(str(tmp_path))]
    assert folder / "inside.safetensors" in touched
    assert all(path.resolve().is_relative_to(folder) for path in touched)
    assert checkpoint.tensors.keys() <= {"a"}


def test_a_missing_shard_is_one_finding_and_no_other_rule_speaks(mixed: Draft) -> None:
    shard = "model-00002-of-00003.safetensors"
    report = verify(Request(mixed.remove(shard).path))
    serious = [found for found in report.findings if found.severity != "info"]
    assert [(found.rule, str(found.where)) for found in serious] == [("F110", shard)]
    assert report.exit_code() == 1


def test_gaps_are_found_and_their_list_is_bounded() -> None:
    assert missing_numbers(["model-00001-of-00003.safetensors"]) == [
        "model-00002-of-00003.safetensors",
        "model-00003-of-00003.safetensors",
    ]
    assert (
        missing_numbers(["model-00000-of-00002.safetensors", "model-00001-of-00002.safetensors"])
        == []
    )
    assert len(missing_numbers(["m-1-of-999999.safetensors"])) == 100
    assert missing_numbers(["m-1-of-99999999999999.safetensors", "model_mtp.safetensors"]) == []
