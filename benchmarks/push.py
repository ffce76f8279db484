"""Push 5 GB to a Hub on this machine: seconds, peak memory, bytes read, how often. 302 files too.

`python benchmarks/push.py [GB]`. The weights are sparse files of zeros; the Hub is a process of its
own. Only the pushing process is measured, after the gate: what it reads there, it reads before.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from release.demo.hub import HubServer
from release.publish.apply import prepare, publish
from release.publish.files import Release, StoredFile, hold
from release.publish.hub import Hub
from release.publish.plan import Wish

REPO = "acme/large"
CARD = b"---\nlicense: mit\n---\n# Zeros\n"
MODES = {"xet": {}, "lfs": {"HF_HUB_DISABLE_XET": "1"}}


def main() -> None:
    """Measure both ways of uploading, then a checkpoint of many files."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("size", type=float, nargs="?", default=5.0, help="GB (10^9 bytes)")
    parser.add_argument("--client", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.client:
        push(Path(args.client))
        return
    size = int(args.size * 10**9)
    print(f"{'':24}{'seconds':>9}{'GB/s':>7}{'peak MB':>9}{'read ×':>8}{'commits':>9}")
    for mode in MODES:
        measure(f"{args.size:g} GB in 4 files, {mode}", mode, size, 4)
    measure("302 files of 100 kB, xet", "xet", 302 * 100_000, 302)


def measure(title: str, mode: str, size: int, count: int) -> None:
    """Push once and print one row."""
    with tempfile.TemporaryDirectory() as folder, HubServer(Path(folder) / "hub") as hub:
        work = Path(folder) / "ckpt"
        work.mkdir()
        make(work, size // count, count)
        env = os.environ | MODES[mode] | {"HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token}
        env |= {"HF_HOME": f"{folder}/hf", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
        command = [sys.executable, str(Path(__file__).absolute()), "--client", str(work)]
        done = subprocess.run(command, env=env, cwd=folder, check=True, stdout=subprocess.PIPE)
        result = json.loads(done.stdout)
        commits = sum("/commit/" in request.path for request in hub.requests)
    speed = size / 10**9 / result["seconds"]
    figures = f"{result['seconds']:>9.1f}{speed:>7.2f}{result['peak'] / 1e6:>9.0f}"
    print(f"{title:24}{figures}{result['read'] / size:>8.2f}{commits:>9}")


def make(folder: Path, size: int, count: int) -> None:
    """Write shards of zeros, but for a number at their beginning."""
    for number in range(count):
        with (folder / f"model-{number:05}.safetensors").open("wb") as shard:
            shard.write(number.to_bytes(8, "little"))
            shard.truncate(size)


def hash_file(place: Path) -> str:
    """Give the sha256 that a report would have."""
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def push(folder: Path) -> None:
    """Push every file of a folder in this process, and say what that took."""
    files = []
    for place in sorted(folder.iterdir()):
        state = place.stat()
        stamp = (state.st_ino, state.st_mtime_ns)
        files.append(StoredFile(place.name, state.st_size, hash_file(place), place, stamp))
    release = Release("sha256:0", "Zeros.", (*files, hold("README.md", CARD)), ())
    hub, wish = Hub(REPO), Wish(REPO)
    start, before = time.perf_counter(), read_so_far()
    publish(prepare(release, hub, wish), release, hub, lambda _: None)
    result = {
        "seconds": time.perf_counter() - start,
        "read": read_so_far() - before,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(result))


def read_so_far() -> int:
    """Count the bytes that this process has read from files and connections."""
    line = Path("/proc/self/io").read_text(encoding="ascii").partition("\n")[0]
    return int(line.removeprefix("rchar: "))


if __name__ == "__main__":
    main()
