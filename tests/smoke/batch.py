"""Many orders in one process of vLLM: importing it takes longer than a small checkpoint does.

Run by vLLM's own Python, with `release/smoke/inside` on its path. Reads from stdin a list of
`{"order", "log", "accounts"}`; what each leaves is what a child of its own would leave.
"""

import gc
import json
import os
import sys
import traceback
from functools import _lru_cache_wrapper
from typing import Any


def forget() -> None:
    """Let the next engine say again what vLLM says only once in a process."""
    from vllm import logger
    from vllm.distributed import cleanup_dist_env_and_memory

    cleanup_dist_env_and_memory()
    for value in vars(logger).values():
        if isinstance(value, _lru_cache_wrapper):
            value.cache_clear()
    gc.collect()


def run(job: dict[str, Any]) -> None:
    """Run one order, its output in its own log."""
    from child import Child

    os.environ["RELEASE_SMOKE_ACCOUNTS"] = job["accounts"]
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    sys.stdout.flush()
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    child = Child(job["order"])
    try:
        child.run()
    except Exception as error:
        stage = child.result["stage"]
        child.reach(f"failed after {stage}", error=f"{type(error).__name__}: {error}")
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    child.engine = None
    forget()


if __name__ == "__main__":
    for each in json.load(sys.stdin):
        run(each)
