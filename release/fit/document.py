"""An answer as one JSON document: its keys are contracts."""

from typing import Any

import msgspec

from release.fit.solve import Fit


def to_document(fit: Fit, change: Fit | None) -> dict[str, Any]:
    """Flatten an answer; sizes are bytes or tokens as their names say.

    Figures are those of the least memory; `at_most` has those of the most that there may be.
    """
    answer: dict[str, Any] = msgspec.to_builtins(fit.answer)
    serving = fit.settled.serving
    gpu = fit.question.gpu
    return {
        **{key: answer.pop(key) for key in ("starts", "why")},
        **answer.pop("at_least"),
        "available_range": fit.answer.available_range,
        **answer,
        "assumptions": list(fit.assumptions),
        "vllm": serving.vllm,
        "gpu": gpu.name if gpu else None,
        "kv_cache_dtype": serving.kv_cache_dtype,
        "max_num_seqs": fit.settled.sequences,
        "max_num_batched_tokens": serving.max_num_batched_tokens,
        "gpu_memory_utilization": fit.settled.utilization,
        "kernels": fit.kernels,
        "command": fit.command,
        "change": change.command if change else None,
    }
