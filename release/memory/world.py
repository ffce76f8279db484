"""How many GPUs a command takes, and whether there are so many."""

from release.memory.options import Options

# What begins so makes a command one of several, on several machines.
MACHINES = ("--nnodes=", "-n=", "--data-parallel-", "-dp")


def needed_gpus(options: Options) -> int:
    """GPUs that all engines of a command take.

    Source: vLLM 0.32 config/parallel.py, world_size_across_dp, and v1/worker/gpu_worker.py.
    """
    ranks = (options.tensor_parallel_size or 1) * (options.pipeline_parallel_size or 1)
    return ranks * (options.data_parallel_size or 1)


def too_few(options: Options, rest: tuple[str, ...], there: int | None) -> str | None:
    """Why there are too few GPUs in one machine, where the command is not for several of them.

    `rest` are its words that do not count. Source: vLLM 0.32 config/parallel.py, "World size".
    """
    needed = needed_gpus(options)
    spread = options.distributed_executor_backend == "ray" or any(
        f"{word}=".startswith(MACHINES) for word in rest
    )
    if there is None or needed <= there or spread:
        return None
    takes = "1 GPU" if needed == 1 else f"{needed} GPUs"
    return f"it needs {takes}, and {there} {'is' if there == 1 else 'are'} there"
