"""The page that recomputes a published card: docs/reference-card.md.

The card is of a 27B hybrid (48 layers of linear attention, 16 of softmax attention) in FP8 and
NVFP4, written in March 2026 for vLLM 0.17.0. What it says is quoted here; every figure of ours is
computed from the same config.json when the page is written.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from release.checkpoint.bare import open_bare
from release.fit.audit import audit
from release.fit.changes import smallest_change
from release.fit.solve import Fit, Question, solve
from release.fit.subject import Subject, open_subject, weighed_facts
from release.memory.command import parse_command
from release.memory.gpus import Gpu, find_gpu
from release.memory.options import Options
from release.memory.versions import NEWEST
from release.units import GB, GIB, binary_bytes, decimal_bytes

CONFIG = Path(__file__).parent.parent / "tests" / "golden" / "logs" / "27b.json"
THEN = "0.17.0"
LONG, MIDDLE = 262_144, 131_072
SERVE = "vllm serve owner/model"
COMMANDS = (
    (
        "Setup guide for one RTX 5090",
        (
            f"{SERVE} --max-model-len 131072 --gpu-memory-utilization 0.85 --enforce-eager"
            " --reasoning-parser qwen3"
        ),
        ("RTX 5090",),
    ),
    (
        "Usage on an RTX 5090",
        f"{SERVE} --max-model-len 131072 --gpu-memory-utilization 0.85 --reasoning-parser qwen3",
        ("RTX 5090",),
    ),
    (
        'Usage "on GPUs of 48 GB or more, out of the box"',
        f"{SERVE} --max-model-len 262144 --reasoning-parser qwen3",
        ("RTX PRO 6000", "A100", "H100", "L40S"),
    ),
)
HEAD = """\
# A published card, recomputed

<!-- Written by `make docs` from docs/reference_card.py. Do not edit. -->

The card of a 27B hybrid in FP8 and NVFP4, written for vLLM 0.17.0, beside what `release tables`
and `release fit` compute from the same config.json. GB are 10^9 bytes, GiB 2^30.
"""
BREAKDOWN = (
    ("MLP", "MLP", "11.4 GB"),
    ("Linear attention", "DeltaNet attention", "5.6 GB"),
    ("lm_head", "lm_head", "2.5 GB"),
    ("Embeddings", "embed_tokens", "2.5 GB"),
    ("Softmax attention", "Softmax attention", "1.4 GB"),
    ("Vision tower", "Visual encoder", "0.9 GB"),
    ("Quantization scales", "Quantization scales", "0.8 GB"),
    ("Norms", "Norms", "not listed"),
)


def reference_card() -> str:
    """Write the page."""
    subject = open_subject(CONFIG)
    parts = [HEAD, *_weights(subject), *_cache(subject), *_commands(subject)]
    return "\n".join(parts)


def _weights(subject: Subject) -> Iterator[str]:
    weights = weighed_facts(open_bare(CONFIG)).get("weights")
    sizes = {part.name: part.bytes for part in weights.components}
    yield "## Weights\n"
    yield "| Part | The card | Computed |"
    yield "| --- | --- | --- |"
    for ours, theirs, size in BREAKDOWN:
        yield f"| {theirs} | {size} | {decimal_bytes(sizes[ours])} |"
    total = weights.total_bytes
    yield f"| Total | ~25 GB | {decimal_bytes(total)}, {total:,} bytes, {binary_bytes(total)} |"
    fit = solve(subject, Question(gpu=find_gpu("H200")))
    beside = next(term for term in fit.answer.terms if term.name == "beside the weights")
    yield (
        '\nThe parts agree. "23.7 GiB in VRAM" is what vLLM loads: the tensors and, beside them,'
        f" rotary tables and kernels' own layouts, {binary_bytes(beside.low)} to"
        f" {binary_bytes(beside.high)}.\n"
    )


def _cache(subject: Subject) -> Iterator[str]:
    yield "## Cache\n"
    yield "| The card | Computed | Why they differ |"
    yield "| --- | --- | --- |"
    for row in (_per_token(subject), _seven(subject), *_eight(subject), _least(subject)):
        yield f"| {' | '.join(row)} |"
    yield from ("", *_two(subject))


def _answer(subject: Subject, vllm: str, gpu: Gpu | None, **options: object) -> Fit:
    available = options.pop("available", None)
    given = msgspec.convert(options, Options)
    return solve(
        subject, Question(given, vllm, gpu, available if isinstance(available, int) else None)
    )


def _per_token(subject: Subject) -> tuple[str, str, str]:
    sizes = {}
    for dtype in ("auto", "fp8"):
        fit = _answer(subject, NEWEST, None, available=GIB, kv_cache_dtype=dtype)
        groups = [group for group in fit.pool.groups if group.layers[0].spec.kind == "full"]
        page = sum(placed.spec.page for group in groups for placed in group.layers)
        sizes[dtype] = binary_bytes(page // fit.pool.block)
    then = _answer(subject, THEN, None, available=GIB)
    now = _answer(subject, NEWEST, None, available=GIB)
    states = [binary_bytes(fit.pool.stage_needs(1)[0][0]) for fit in (then, now)]
    return (
        "64 KB a token in FP16, 32 KB in FP8",
        (
            f"{sizes['auto']} and {sizes['fp8']}, and for each running request at least {states[0]}"
            f" (vLLM {THEN}) or {states[1]} ({NEWEST}) of states and their blocks"
        ),
        "KiB, not KB; BF16, not FP16; the states of 48 recurrent layers are left out",
    )


def _seven(subject: Subject) -> tuple[str, str, str]:
    longest = [
        _answer(
            subject, vllm, None, available=7 * GIB, kv_cache_dtype="fp8", max_model_len=-1
        ).answer.at_least.longest_request
        for vllm in (THEN, NEWEST)
    ]
    room = _answer(subject, THEN, find_gpu("RTX 5090"), gpu_memory_utilization=0.85)
    low, high = room.answer.available_range
    return (
        "RTX 5090: ~7 GiB for KV, ~225K tokens with an FP8 cache",
        (
            f"7 GiB would hold {longest[0]:,} ({THEN}) or {longest[1]:,} tokens ({NEWEST}); at the"
            f" card's utilization of 0.85 there are {binary_bytes(low)} to {binary_bytes(high)}"
        ),
        (
            "7 is 32 GB less 25 GB on disk: CUDA reports 31.36 GiB, vLLM takes a share of that, and"
            " activations and CUDA graphs come off it"
        ),
    )


def _eight(subject: Subject) -> Iterator[tuple[str, str, str]]:
    gpu = find_gpu("RTX PRO 6000")
    for dtype, said in (("auto", "as its command says"), ("fp8", "with --kv-cache-dtype fp8")):
        fit = _answer(subject, THEN, gpu, kv_cache_dtype=dtype, max_model_len=LONG)
        low, high = fit.answer.available_range
        least, most = fit.answer.at_least.max_concurrency, fit.answer.at_most.max_concurrency
        yield (
            "RTX PRO 6000: ~71 GiB for KV, 8 requests of 262K",
            (
                f"{said}: {binary_bytes(low)} to {binary_bytes(high)}, {least:.2f} to {most:.2f}"
                " requests"
            ),
            "71 is 96 GB less 25 GB on disk; no command of the card asks for an FP8 cache, so it"
            " is BF16"
            if dtype == "auto"
            else "the same memory, half the bytes a token",
        )


def _least(subject: Subject) -> tuple[str, str, str]:
    gpu = Gpu("a GPU of 28 GB", (28 * GB / GIB,), "28 GB nominal")
    fit = _answer(subject, THEN, gpu)
    return (
        "Minimum: 28 GB, weights only",
        f"does not start: {fit.answer.why}",
        "vLLM has no way to hold weights only: a share of the GPU has to hold one request too",
    )


def _two(subject: Subject) -> Iterator[str]:
    fit = _answer(subject, THEN, find_gpu("RTX 5090"), tensor_parallel_size=2, max_model_len=LONG)
    yield f'"2x RTX 5090: tensor parallel, full context": {_verdict(subject, fit)}'


def _commands(subject: Subject) -> Iterator[str]:
    yield "\n## Commands\n"
    yield "As `release fit config.json --gpu GPU --vllm VERSION --audit COMMAND` judges them."
    for title, command, gpus in COMMANDS:
        yield f"\n### {title}\n"
        yield f"```sh\n{command}\n```\n"
        for name in gpus:
            for vllm in (THEN, NEWEST):
                fit = audit(
                    subject, parse_command(command), Question(vllm=vllm, gpu=find_gpu(name))
                )
                yield f"- {name}, vLLM {vllm}: {_verdict(subject, fit)}"
    yield (
        "\nOn A100 and H100 NVFP4 is computed with 16-bit activations (Marlin), on A100 FP8 too:"
        ' the card\'s "Blackwell FP4 acceleration" is for Blackwell only.'
    )


def _verdict(subject: Subject, fit: Fit) -> str:
    answer = fit.answer
    if answer.starts:
        return f"starts; {answer.why}"
    says = "does not start" if answer.starts is False else "may not start"
    change = smallest_change(subject, fit)
    ends = f" This starts: `{change.command}`" if change else " No change of options makes it."
    return f"{says}: {answer.why}.{ends}"
