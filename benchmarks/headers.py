"""Time whole processes against `python -c pass` and a bare parse of the same headers.

`python benchmarks/headers.py` makes sparse checkpoints in a temporary folder (benchmarks/sparse.py)
and prints the best of several runs; ratios within one run are what to compare, not seconds.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
SPARSE = Path(__file__).with_name("sparse.py")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}
MB = 10**6
GROWTH = (1, 2, 4)
PARSE = """
import json, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.safetensors")):
    with path.open("rb") as stream:
        json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
json.loads((pathlib.Path(sys.argv[1]) / "model.safetensors.index.json").read_bytes())
"""


class Cost(NamedTuple):
    """The best wall time of a whole process in seconds, its peak memory in bytes."""

    seconds: float
    memory: int


def measure(command: list[str], runs: int, work: Path | None = None) -> Cost:
    """Run a command several times in `work`. Raises `RuntimeError` when it fails."""
    costs = []
    for _ in range(runs):
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT, cwd=work)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            raise RuntimeError(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
        unit = 1 if sys.platform == "darwin" else 1024
        costs.append(Cost(seconds, usage.ru_maxrss * unit))
    return min(costs)


def report(name: str, cost: Cost, bare: Cost, parse: Cost | None = None) -> None:
    """Print one line of the table."""
    ratio = f"{cost.seconds / parse.seconds:8.1f}" if parse else f"{'':8}"
    times = f"{cost.seconds:8.3f} {cost.seconds / bare.seconds:8.1f} {ratio}"
    print(f"{name:<36} {times} {cost.memory / MB:8.0f}", flush=True)


def main() -> None:
    """Measure the start of the command line, then each shape."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("shapes", nargs="*", default=["27B", "1T"])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--growth", action="store_true", help="also 2 and 4 times the 1T's experts")
    given = parser.parse_args()
    release = [sys.executable, "-m", "release"]
    print(f"{'':<36} {'seconds':>8} {'x pass':>8} {'x parse':>8} {'MB':>8}")
    bare = measure([sys.executable, "-c", "pass"], given.runs)
    report("python -c pass", bare, bare)
    for args in (["--help"], ["rule"], ["rule", "Q101"]):
        report(f"release {' '.join(args)}", measure([*release, *args], given.runs), bare)
    for shape in given.shapes:
        with tempfile.TemporaryDirectory() as folder:
            _shape(shape, Path(folder), release, given.runs, bare)
    if given.growth:
        with tempfile.TemporaryDirectory() as folder:
            _growth(Path(folder), release, given.runs, bare)


def _shape(shape: str, work: Path, release: list[str], runs: int, bare: Cost) -> None:
    path = work / shape
    parse_command = [sys.executable, "-c", PARSE, str(path)]
    verify = [*release, "verify", str(path), "--level", "headers", "--quiet"]
    for whole in (False, True):
        # In a child: the peak memory of what is measured later starts at our own.
        options = ["--whole-vocabulary"] if whole else []
        subprocess.run([sys.executable, SPARSE, shape, path, *options], env=ENVIRONMENT, check=True)
        parse = measure(parse_command, runs)
        vocabulary = ", whole vocabulary" if whole else ""
        if not whole:
            report(f"{shape}: json.loads of the headers", parse, bare, parse)
            for what, place in (("config.json", path / "config.json"), ("headers", path)):
                fit = [*release, "fit", str(place), "--gpu", "B200", "-tp", "8"]
                report(f"{shape}: release fit of {what}", measure(fit, runs, work), bare, parse)
        report(f"{shape}: release verify{vocabulary}", measure(verify, runs, work), bare, parse)
        shutil.rmtree(path)


def _growth(work: Path, release: list[str], runs: int, bare: Cost) -> None:
    """The 1T with as many experts, twice and four times: what a tensor costs must not grow."""
    for times in GROWTH:
        path = work / f"{times}"
        command = [sys.executable, SPARSE, "1T", path, "--times", str(times)]
        subprocess.run(command, env=ENVIRONMENT, check=True)
        index = json.loads((path / "model.safetensors.index.json").read_bytes())
        count = len(index["weight_map"])
        parse = measure([sys.executable, "-c", PARSE, str(path)], runs)
        command = [*release, "verify", str(path), "--level", "headers", "--quiet"]
        cost = measure(command, runs, work)
        each = f"{cost.seconds / count * 1e6:.1f} us a tensor"
        report(f"{count:,} tensors, {each}", cost, bare, parse)
        shutil.rmtree(path)


if __name__ == "__main__":
    main()
