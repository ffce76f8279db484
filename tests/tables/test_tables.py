import json
import re
from pathlib import Path

import pytest

from release.checkpoint import open_checkpoint
from release.checkpoint.header import product
from release.facts import Facts, Level
from release.quantization.schemes import CACHE_SCALES
from release.tables import Reported, all_tables, weights_table
from release.tables.markdown import write_tables
from release.verify import reported_facts
from tests.conftest import DEMO, GOOD, ROOT, Drafts, Run
from tests.mutate import Draft, read_shard


def facts_of(path: Path) -> Reported:
    return reported_facts(Facts({"checkpoint": open_checkpoint(path)}, Level.HEADERS))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_components_sum_to_the_bytes_in_the_files(path: Path) -> None:
    weights = facts_of(path)["weights"]
    stored = sum(
        len(values)
        for shard in path.glob("*.safetensors")
        for _, _, values in read_shard(shard).values()
    )
    assert weights["total_bytes"] == stored
    assert sum(part["bytes"] for part in weights["components"]) == stored
    for part in weights["components"]:
        assert sum(part["dtypes"].values()) == sum(part["schemes"].values()) == part["bytes"]
    assert sum(share["bytes"] for share in weights["schemes"]) == stored
    assert sum(share["parameters"] for share in weights["schemes"]) == weights["parameters"]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_parameters_are_those_of_the_unquantized_model(path: Path) -> None:
    """Packing and scales change no count: it is the sum over the shapes the config implies."""
    facts = Facts({"checkpoint": open_checkpoint(path)}, Level.HEADERS)
    implied = facts.get("architecture").modules
    stored = {module.name for module in facts.get("modules")}
    count = sum(
        product(shape)
        for name, expected in implied.items()
        if name in stored
        for shape in expected.tensors.values()
    )
    extra = sum(
        info.elements
        for module in facts.get("modules")
        if module.name not in implied
        for role, info in module.tensors.items()
        if not module.quantized and role not in CACHE_SCALES
    )
    assert reported_facts(facts)["weights"]["parameters"] == count + extra


def test_an_unknown_architecture_gives_reasons_instead_of_numbers(mixed: Draft, run: Run) -> None:
    broken = mixed.config("model_type", "never_heard_of").config(
        "text_config.model_type", "never_heard_of_text"
    )
    result = run("tables", broken.path)
    assert result.returncode == 0
    assert "model_type 'never_heard_of' is not one we know" in result.stdout
    assert weights_table(facts_of(broken.path)).total


def test_json_is_the_facts_of_the_report(run: Run, tmp_path: Path) -> None:
    assert run("verify", DEMO, "--level", "headers").returncode == 0
    report = json.loads((tmp_path / "work" / ".release" / "report.json").read_text())
    assert json.loads(run("tables", DEMO, "--format", "json").stdout) == report["facts"]


def test_markdown_holds_every_row_of_the_terminal(run: Run) -> None:
    markdown = run("tables", DEMO, "--format", "markdown").stdout
    terminal = run("tables", DEMO, COLUMNS="400").stdout
    for table in all_tables(facts_of(DEMO)):
        for row in table.rows:
            assert row[0] in terminal
    assert markdown.count("\n| ---") == 6
    assert "\x1b" not in terminal


def test_a_hostile_name_stays_in_its_cell(draft: Drafts) -> None:
    hostile = "lm|head</td>\n| x | `rm`"
    broken = draft("llama-nvfp4").rename("lm_head.weight", f"{hostile}.weight")
    text = write_tables(all_tables(facts_of(broken.path)))
    assert "</td>" not in text.replace("\\<", "")
    widths = {
        len(re.findall(r"(?<!\\)\|", line))
        for line in text.splitlines()
        if line.startswith("| BF16")
    }
    assert len(widths) == 1


def test_output_goes_to_a_file_whole(run: Run, tmp_path: Path) -> None:
    result = run("tables", DEMO, "-o", tmp_path / "out" / "tables.txt")
    assert (result.stdout, result.returncode) == ("", 0)
    assert (tmp_path / "out" / "tables.txt").read_text().startswith("Weights")


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("Mixtral-8x7B-v0.1", {"full_attention": 32}),
        ("Llama-4-Scout-17B-16E-Instruct", {"chunked_attention": 36, "full_attention": 12}),
        ("Qwen3.5-27B", {"linear_attention": 48, "full_attention": 16}),
        ("gemma-4-26B-A4B", {"sliding_attention": 25, "full_attention": 5}),
        ("Falcon-H1-7B-Instruct", {"full_attention": 44}),
    ],
)
def test_layers_are_called_by_what_they_keep(
    name: str, kinds: dict[str, int], run: Run, tmp_path: Path
) -> None:
    published = json.loads((ROOT / "tests/memory/configs" / f"{name}.json").read_text())["config"]
    file = tmp_path / "config.json"
    file.write_text(json.dumps(published))
    done = run("tables", file, "--format", "json")
    assert json.loads(done.stdout)["model"]["layer_types"] == kinds
