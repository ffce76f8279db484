"""Which of the card's commands to run here: the one that it prints for the GPU that is here."""

from release.errors import ReleaseError
from release.manifest import Manifest
from release.memory.gpus import find_gpu, is_gpu
from release.smoke.gpu import Gpu

Choice = tuple[tuple[str, ...], str | None]


def choose_command(manifest: Manifest, profile: str | None, here: tuple[Gpu, ...]) -> Choice:
    """Give the words after `vllm serve`, and the GPU they are for where that is one of `here`.

    Without `[[serve]]` that is `serve-args`, for no GPU. `profile` names a GPU of release.toml: its
    command is run wherever this is. Raises `ReleaseError` where there is none to choose.
    """
    common = (manifest.repo, *manifest.serve_args)
    if not manifest.serve:
        if profile is not None:
            raise ReleaseError("there is no [[serve]] to choose from", where="release.toml")
        return common, None
    wanted = find_gpu(profile).name if profile is not None else None
    for serve in manifest.serve:
        gpu = find_gpu(serve.gpu)
        is_here = any(is_gpu(gpu, device.name, device.total) for device in here)
        if wanted == gpu.name or (wanted is None and is_here):
            return (*common, *serve.args), gpu.name if is_here else None
    names = ", ".join(find_gpu(serve.gpu).name for serve in manifest.serve)
    if wanted is not None:
        what = f"no [[serve]] is for {wanted}"
        raise ReleaseError(what, where="release.toml", hint=f"there is one for {names}")
    found = ", ".join(device.name for device in here) or "no GPU that nvidia-smi shows"
    what = f"the card's commands are for {names}; here is {found}"
    hint = "--profile GPU runs one all the same; the card will not call it tested"
    raise ReleaseError(what, where="release.toml", hint=hint)
