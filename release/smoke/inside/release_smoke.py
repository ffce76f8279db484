"""A vLLM plugin, loaded in each process of the engine: it keeps account of what is loaded.

It registers a load format, `release`, that loads as `auto` does and watches each write into a
parameter. vLLM itself does not notice a tensor that a quantized checkpoint lacks: parameters are
made of uninitialised memory. The account goes to `RELEASE_SMOKE_ACCOUNTS`, one file a model.
"""

import contextlib
import copy
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

LOAD_FORMAT = "release"
ACCOUNTS = "RELEASE_SMOKE_ACCOUNTS"
_NAME = "_release_smoke_name"
_KV_METHOD = "BaseKVCacheMethod"


class Watch(TorchDispatchMode):  # type: ignore[misc]
    """Sees each operation while weights are loaded: what is written where, and from what.

    Views of a checkpoint's tensor carry its name on; where a loader turned one into a number,
    the tensor read last is taken for the source.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.last = ""
        self.places: dict[int, str] = {}
        self.views: dict[str, dict[tuple[Any, ...], int]] = {}
        self.sources: dict[str, set[str]] = {}
        self.dtypes: dict[str, set[str]] = {}
        for name, tensor in [*model.named_buffers(), *model.named_parameters()]:
            if tensor.numel() and tensor.device.type != "meta":
                self.places[_place(tensor)] = name

    def read(self, weights: Iterator[tuple[str, torch.Tensor]]) -> Iterator[Any]:
        """Pass a checkpoint's tensors on, each marked with its name."""
        for name, tensor in weights:
            self.last = name
            setattr(tensor, _NAME, name)
            yield name, tensor

    def __torch_dispatch__(  # noqa: D105 - torch's own protocol
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        del types
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        tensors = [value for value in (*args, *kwargs.values()) if isinstance(value, torch.Tensor)]
        names = [name for value in tensors if (name := getattr(value, _NAME, None))]
        name = names[-1] if names else None
        if func._schema.is_mutable:  # noqa: SLF001 - torch has no other name for it
            if tensors:
                self._write(tensors, name or self.last)
        elif name and isinstance(result, torch.Tensor) and not hasattr(result, _NAME):
            with contextlib.suppress(AttributeError):
                setattr(result, _NAME, name)
        return result

    def _write(self, tensors: list[torch.Tensor], source: str) -> None:
        target = tensors[0]
        name = self.places.get(_place(target))
        if name is None:
            return
        view = (target.storage_offset(), tuple(target.shape), target.stride())
        self.views.setdefault(name, {})[view] = target.numel()
        self.sources.setdefault(name, set()).add(source)
        self.dtypes.setdefault(name, set()).update(_dtype(each) for each in tensors[1:])


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _place(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage().data_ptr())


def _account(model: torch.nn.Module, watch: Watch, seen: list[str]) -> dict[str, Any]:
    """Say for each parameter how many of its elements were written, and from which tensors.

    `last` is the tensor read last: where loading fails, the one it failed at.
    """
    defaults = {
        f"{prefix}.{name}"
        for prefix, module in model.named_modules()
        if _is_kv_method(getattr(module, "quant_method", None))
        for name, _ in module.named_parameters(recurse=False)
    }
    parameters = {}
    for name, parameter in model.named_parameters():
        if not parameter.numel() or parameter.device.type == "meta":
            continue
        # Tied parameters share their memory: what is written into one is written into all.
        place = watch.places[_place(parameter)]
        written = watch.views.get(place, {})
        parameters[name] = {
            "elements": parameter.numel(),
            "written": min(sum(written.values()), parameter.numel()),
            "dtype": _dtype(parameter),
            "from_dtypes": sorted(watch.dtypes.get(place, ())),
            "shape": list(parameter.shape),
            "has_default": name in defaults,
            "sources": sorted(watch.sources.get(place, ())),
        }
    consumed = set().union(*watch.sources.values())
    return {
        "model": type(model).__name__,
        "last": watch.last,
        "parameters": parameters,
        "unread": [name for name in seen if name not in consumed],
        "methods": _methods(model),
    }


def _methods(model: torch.nn.Module) -> dict[str, dict[str, str]]:
    """Say for each layer with a quantization method: method, scheme and kernel, by class."""
    found = {}
    for name, module in model.named_modules():
        method = getattr(module, "quant_method", None)
        if method is None:
            continue
        scheme = getattr(module, "scheme", None)
        entry = {"method": type(method).__name__}
        if scheme is not None:
            entry["scheme"] = type(scheme).__name__
        kernel = _kernel(scheme) or _kernel(method)
        if kernel:
            entry["kernel"] = kernel
        found[name] = entry
    return found


def _kernel(owner: Any) -> str | None:
    """Name the kernel that a scheme or method holds; of experts it may hold only the class."""
    for value in vars(owner).values() if hasattr(owner, "__dict__") else ():
        name = (value if isinstance(value, type) else type(value)).__name__
        if name.endswith(("Kernel", "Experts")):
            return name
    return None


def _is_kv_method(method: Any) -> bool:
    return any(base.__name__ == _KV_METHOD for base in type(method).__mro__)


def _keep(account: dict[str, Any]) -> None:
    folder = os.environ.get(ACCOUNTS)
    if not folder:
        return
    with tempfile.NamedTemporaryFile(
        "w", suffix=".partial", dir=folder, encoding="utf-8", delete=False
    ) as file:
        json.dump(account, file)
    partial = Path(file.name)
    partial.rename(partial.with_suffix(".json"))


def _register_loader() -> None:
    from vllm.model_executor.model_loader import register_model_loader
    from vllm.model_executor.model_loader.default_loader import DefaultModelLoader

    @register_model_loader(LOAD_FORMAT)
    class AccountingLoader(DefaultModelLoader):  # type: ignore[misc]
        """Loads as `auto` does, and keeps account."""

        def __init__(self, load_config: Any) -> None:
            plain = copy.copy(load_config)
            plain.load_format = "auto"
            super().__init__(plain)
            self.watch: Watch | None = None
            self.seen: list[str] = []
            self.tracked: str | None = None
            if hasattr(self, "enable_weights_track"):  # by default it is off for quantized models
                self.enable_weights_track = True

        def track_weights_loading(self, *args: Any, **kwargs: Any) -> None:
            """Let vLLM check by itself what was loaded, and write down what it says."""
            self.tracked = ""
            try:
                super().track_weights_loading(*args, **kwargs)
            except ValueError as error:
                self.tracked = str(error)

        def get_all_weights(self, model_config: Any, model: Any) -> Any:
            """Give each tensor of the checkpoint, marked with its name."""
            weights = super().get_all_weights(model_config, model)
            if self.watch is None:
                yield from weights
                return
            for name, tensor in self.watch.read(weights):
                self.seen.append(name)
                yield name, tensor

        def load_weights(self, model: Any, model_config: Any) -> None:
            """Load, then write the account down, also where vLLM's own check refuses."""
            self.watch = watch = Watch(model)
            loaded = False
            try:
                with watch:
                    super().load_weights(model, model_config)
                loaded = True
            finally:
                account = _account(model, watch, self.seen)
                _keep(account | {"loaded": loaded, "tracked": self.tracked})
                self.watch = None


def _register_cpu_kernels() -> None:
    """Let vLLM's own emulation serve NVFP4 on a CPU, for which it registers no kernel."""
    from vllm.platforms import PlatformEnum, current_platform

    if not current_platform.is_cpu():
        return
    try:
        from vllm.model_executor.kernels.linear import register_linear_kernel
        from vllm.model_executor.kernels.linear.nvfp4.emulation import EmulationNvFp4LinearKernel
    except ImportError:
        os.environ.setdefault("VLLM_USE_NVFP4_CT_EMULATIONS", "1")  # up to 0.21
    else:
        register_linear_kernel(EmulationNvFp4LinearKernel, PlatformEnum.CPU, "nvfp4")


def register() -> None:
    """Register the loader and, on a CPU, the kernel. vLLM calls this in each of its processes."""
    _register_loader()
    _register_cpu_kernels()
