"""vLLM's layers beside the checkpoint's modules: which scheme each was given, by both sides."""

import msgspec

from release.facts.modules import Modules
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
    its kernel where it can be told.
    """

    name: str
    modules: tuple[str, ...]
    schemes: frozenset[str | None]
    served: str
    quantized: bool
    kernel: str | None


def provide_layers(
    engine_run: Run, loading: Loading | Unknown, modules: Modules
) -> tuple[Layer, ...] | Unknown:
    """Pair vLLM's layers with modules by the tensors that went into them, not by their names."""
    if isinstance(loading, Unknown):
        return loading
    layers: dict[str, Layer] = {}
    for account in engine_run.outcome.accounts:
        for name, classes in account.methods.items():
            sources = _sources(name, account, modules)
            if sources and CACHE not in classes["method"]:
                layers.setdefault(name, _layer(name, classes, sources, modules))
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


def _layer(name: str, classes: dict[str, str], sources: tuple[str, ...], modules: Modules) -> Layer:
    served = classes.get("scheme", classes["method"])
    return Layer(
        name=name,
        modules=sources,
        schemes=frozenset(_scheme(modules.items[source].scheme) for source in sources),
        served=served,
        quantized=not served.startswith(PLAIN),
        kernel=classes.get("kernel"),
    )


def _scheme(scheme: Scheme | Unknown | None) -> str | None:
    if isinstance(scheme, Scheme):
        return scheme.name
    return "unknown" if isinstance(scheme, Unknown) else None
