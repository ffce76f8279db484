"""vLLM's layers beside the checkpoint's modules: which scheme each was given, by both sides."""

import msgspec

from release.facts.modules import Module, Modules
from release.memory.gpus import Gpu, native_kernels
from release.quantization.schemes import Scheme
from release.smoke.account import Account
from release.smoke.evidence import Loading, Run
from release.unknown import Unknown

PLAIN = "Unquantized"
CACHE = "KVCache"


class Layer(msgspec.Struct, frozen=True):
    """One layer of vLLM's that holds weights of the checkpoint.

    `modules` are the checkpoint's modules it was filled from, `schemes` what the declaration says
    of those (None: not quantized), `served` the class of vLLM's scheme or method, `kernel` that of
    its kernel where it can be told. `activations`: the declaration quantizes these too; `native`:
    the device has units for that.
    """

    name: str
    modules: tuple[str, ...]
    schemes: frozenset[str | None]
    served: str
    quantized: bool
    kernel: str | None
    activations: bool
    native: bool


def provide_layers(
    engine_run: Run, loading: Loading | Unknown, modules: Modules
) -> tuple[Layer, ...] | Unknown:
    """Pair vLLM's layers with modules by the tensors that went into them, not by their names."""
    if isinstance(loading, Unknown):
        return loading
    layers: dict[str, Layer] = {}
    gpu = _device(engine_run)
    for account in engine_run.outcome.accounts:
        for name, classes in account.methods.items():
            sources = _sources(name, account, modules)
            if sources and CACHE not in classes["method"]:
                layers.setdefault(
                    name, _layer(name, classes, [modules.items[s] for s in sources], gpu)
                )
    return tuple(layers.values())


def _sources(name: str, account: Account, modules: Modules) -> tuple[str, ...]:
    """Name the modules whose tensors went into a layer's own parameters."""
    tensors = (
        source
        for parameter, entry in account.parameters.items()
        if parameter.startswith(f"{name}.")
        for source in entry.sources
    )
    names = (tensor.rpartition(".")[0] for tensor in tensors)
    return tuple(dict.fromkeys(each for each in names if each in modules.items))


def _device(run: Run) -> Gpu | None:
    capability = run.outcome.result.device.get("capability")
    if not isinstance(capability, list):
        return None
    return Gpu("this", (0.0,), "met", ".".join(map(str, capability)))


def _layer(name: str, classes: dict[str, str], sources: list[Module], gpu: Gpu | None) -> Layer:
    served = classes.get("scheme", classes["method"])
    known = [module.scheme for module in sources if isinstance(module.scheme, Scheme)]
    return Layer(
        name=name,
        modules=tuple(module.name for module in sources),
        schemes=frozenset(_scheme(module.scheme) for module in sources),
        served=served,
        quantized=not served.startswith(PLAIN),
        kernel=classes.get("kernel"),
        activations=any(scheme.inputs is not None for scheme in known),
        native=gpu is not None
        and any(native_kernels(scheme.name, gpu).startswith("native") for scheme in known),
    )


def _scheme(scheme: Scheme | Unknown | None) -> str | None:
    if isinstance(scheme, Scheme):
        return scheme.name
    return "unknown" if isinstance(scheme, Unknown) else None
