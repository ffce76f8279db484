"""Many orders on one import of vLLM, which takes longer than a small checkpoint does.

Run by vLLM's own Python, with `release/smoke/inside` on its path. Reads from stdin a list of
`{"order", "log", "accounts"}`; what each leaves is what a child of its own would leave.
"""

import gc
import importlib
import json
import os
import sys
import traceback
from typing import Any, NoReturn

# What vLLM imports only when a model is loaded and asked.
LATER = (
    "vllm.entrypoints.llm",
    "vllm.model_executor.models.llama",
    "vllm.model_executor.models.qwen3_5",
    "vllm.v1.engine.llm_engine",
    "vllm.v1.worker.cpu_worker",
)


def run(job: dict[str, Any]) -> NoReturn:
    """Run one order, its output in its own log."""
    from child import Child

    os.environ["RELEASE_SMOKE_ACCOUNTS"] = job["accounts"]
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    child = Child(job["order"])
    try:
        child.run()
    except Exception as error:
        stage = child.result["stage"]
        child.reach(f"failed after {stage}", error=f"{type(error).__name__}: {error}")
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    for name in LATER:
        importlib.import_module(name)
    gc.freeze()  # vLLM collects garbage six times a run, and would look at all that is imported
    for each in json.load(sys.stdin):
        process = os.fork()
        if process == 0:
            run(each)
        os.waitpid(process, 0)
