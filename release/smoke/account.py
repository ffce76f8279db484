"""The account of loading: which parameters were filled, from which tensors, and what was left."""

import contextlib
from pathlib import Path

import msgspec

SCALES = ("k_scale", "v_scale", "q_scale", "prob_scale")
CONFIG_BUILT = {"input_scale_ub"}
ONE_BYTE = {"float8_e4m3fn", "float8_e5m2", "uint8", "int8", "float8_e8m0fnu"}
SAME_BYTES = {"uint8", "float8_e8m0fnu"}
PADDED = ("MXFP4", "Mxfp4", "mxfp4")


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of the model: elements in all and written, the tensors they came from."""

    elements: int
    written: int
    dtype: str
    from_dtypes: tuple[str, ...]
    shape: tuple[int, ...]
    has_default: bool
    sources: tuple[str, ...]


class Account(msgspec.Struct, frozen=True):
    """What one process loaded. `loaded` is False where it failed on the way, `last` says at what.

    `unread` are tensors of the checkpoint that went into no parameter; `methods` map each layer
    of vLLM's to the classes of its method, scheme and kernel. `tracked` is what vLLM's own tracking
    of weights says, empty where it is content, None where this vLLM has none.
    """

    model: str
    last: str
    parameters: dict[str, Parameter]
    unread: tuple[str, ...]
    methods: dict[str, dict[str, str]]
    loaded: bool
    tracked: str | None = None


class Gap(msgspec.Struct, frozen=True):
    """A parameter that was not filled whole: vLLM served whatever was in that memory before."""

    parameter: str
    elements: int
    written: int
    sources: tuple[str, ...]


class Conversion(msgspec.Struct, frozen=True):
    """A tensor whose values were converted into a type that cannot hold them."""

    parameter: str
    dtype: str
    stored: str
    sources: tuple[str, ...]


def read_accounts(folder: Path) -> tuple[Account, ...]:
    """Read what each process of the engine wrote; what is no account is left out."""
    decode = msgspec.json.Decoder(Account).decode
    accounts = []
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(msgspec.DecodeError):
            accounts.append(decode(path.read_bytes()))
    return tuple(accounts)


def gaps(accounts: tuple[Account, ...]) -> tuple[Gap, ...]:
    """List parameters of a finished load that hold memory nobody wrote."""
    return tuple(
        Gap(name, parameter.elements, parameter.written, parameter.sources)
        for account in accounts
        if account.loaded
        for name, parameter in account.parameters.items()
        if parameter.written < parameter.elements and not _excused(name, parameter, account)
    )


def conversions(accounts: tuple[Account, ...]) -> tuple[Conversion, ...]:
    """List writes of another type into one-byte parameters, whose codes and scales are bits."""
    found = []
    for account in accounts:
        for name, parameter in account.parameters.items():
            others = [
                dtype
                for dtype in parameter.from_dtypes
                if dtype != parameter.dtype and not {dtype, parameter.dtype} <= SAME_BYTES
            ]
            if parameter.dtype in ONE_BYTE and others:
                found.append(Conversion(name, parameter.dtype, others[0], parameter.sources))
    return tuple(found)


def unread(accounts: tuple[Account, ...]) -> tuple[str, ...]:
    """List tensors that no process put anywhere, where all loaded to the end."""
    if not accounts or not all(account.loaded for account in accounts):
        return ()
    sets = [set(account.unread) for account in accounts]
    return tuple(name for name in accounts[0].unread if all(name in each for each in sets))


def _excused(name: str, parameter: Parameter, account: Account) -> bool:
    """Whether a checkpoint may lack it: a default exists, or vLLM pads it."""
    last = name.rpartition(".")[2]
    if parameter.has_default or last in CONFIG_BUILT or name.endswith(SCALES):
        return True
    layer = name.rpartition(".")[0]
    scheme = " ".join(account.methods.get(layer, {}).values())
    return any(word in scheme for word in PADDED) and parameter.written > 0
