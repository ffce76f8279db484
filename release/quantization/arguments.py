"""QuantizationArgs of compressed-tensors, without torch: how one tensor of a module is quantized.

Values are taken as pydantic takes them (8.0 and "8" are a number of bits), checks are those of its
validators in quant_args. What it refuses, and vLLM with it, is a `Problem`.
"""

import re
from typing import Any

import msgspec

STRATEGIES = {"tensor", "channel", "group", "block", "token", "tensor_group", "attn_head"}
GROUPED = {"group", "tensor_group"}
DYNAMIC_STRATEGIES = {"token", "tensor", "tensor_group", "group"}
NOT_LOCAL = DYNAMIC_STRATEGIES - {"tensor_group"}
FLOAT_BITS = {4, 6, 8}  # 6 since compressed-tensors 0.20
LOCAL = "local"
EXTRA = "is no quantization argument; vLLM refuses it"

# Orders of columns that need a `weight_g_idx`: written until August 2026, refused since.
REMOVED_ACTORDERS = {"group", "dynamic"}
ACTORDERS = {"weight", "static"}

_WIDTHS = (*range(1, 9), 16, 32, 64)
TORCH_DTYPES = frozenset(
    {
        *(f"int{width}" for width in _WIDTHS),
        *(f"uint{width}" for width in _WIDTHS),
        *("float16", "float32", "float64", "bfloat16", "half", "float", "double"),
        *("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz"),
        *("float8_e8m0fnu", "float4_e2m1fn_x2", "bool", "short", "int", "long"),
        *("complex32", "complex64", "complex128", "chalf", "cfloat", "cdouble"),
        *("qint8", "qint32", "quint8", "quint4x2", "quint2x4"),
        *("bit", "bits1x8", "bits2x4", "bits4x2", "bits8", "bits16"),
    }
)


class Problem(msgspec.Struct, frozen=True):
    """One thing that compressed_tensors or vLLM would refuse; `path` is inside config.json.

    `extra`: a key that does not belong there; everything else can still be read.
    """

    path: str
    what: str
    extra: bool = False


class Args(msgspec.Struct, frozen=True):
    """How one tensor of a module is quantized (QuantizationArgs); `group_size` in columns."""

    num_bits: int = 8
    type: str = "int"
    symmetric: bool = True
    group_size: int | None = None
    strategy: str = "tensor"
    block_structure: tuple[int, int] | None = None
    dynamic: bool | str = False
    actorder: str | None = None
    scale_dtype: str | None = None


class _Refused(Exception):  # noqa: N818 - becomes a Problem
    """A value that its key cannot have."""


def parse_args(raw: Any, path: str, problems: list[Problem]) -> Args | None:
    """Read one set of arguments; None if it is null, or so wrong that nothing follows from it."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        problems.append(Problem(path, "must be an object"))
        return None
    known: dict[str, Any] = {}
    before = len(problems)
    for key, value in raw.items():
        read = _READERS.get(key)
        if read is None:
            problems.append(Problem(f"{path}.{key}", EXTRA, extra=True))
            continue
        try:
            known[key] = read(value)
        except _Refused as refused:
            what = f"has the value {value!r:.40}{refused}"
            problems.append(Problem(f"{path}.{key}", what))
    if any(not problem.extra for problem in problems[before:]):
        return None
    zero_points = known.pop("zp_dtype", None)
    fields = {key: known[key] for key in Args.__struct_fields__ if key in known}
    fields["strategy"] = known.get("strategy") or _implied(known.get("group_size"))
    args = Args(**fields)
    problems += [Problem(f"{path}.{key}", what) for key, what in _violations(args, zero_points)]
    return args


def _implied(group_size: int | None) -> str:
    if group_size is None:
        return "tensor"
    return "channel" if group_size == -1 else "group"


def _violations(args: Args, zero_points: str | None) -> list[tuple[str, str]]:
    size, dynamic = args.group_size, args.dynamic
    grouped, block = args.strategy in GROUPED, args.block_structure is not None
    kind = f"but strategy is {args.strategy!r}"
    odd_float = args.type == "float" and args.num_bits not in FLOAT_BITS
    rules = [
        ("num_bits", odd_float and zero_points is None, f"is {args.num_bits}, no float has it"),
        ("group_size", grouped and (size is None or size <= 0), f"is {size}, {kind}"),
        ("group_size", not grouped and size is not None and size > 0, f"is {size}, {kind}"),
        ("block_structure", (args.strategy == "block") != block, "goes with strategy 'block' only"),
        ("dynamic", args.strategy == "token" and not dynamic, "is false, but tokens are dynamic"),
        ("dynamic", bool(dynamic) and args.strategy not in DYNAMIC_STRATEGIES, f"is set, {kind}"),
        ("dynamic", dynamic == LOCAL and args.strategy in NOT_LOCAL, f"is {LOCAL!r}, {kind}"),
    ]
    return [(key, what) for key, broken, what in rules if broken]


_INTEGER = re.compile(r"\s*[+-]?\d{1,18}(\.0*)?\s*", re.ASCII)
_TRUE, _FALSE = {"1", "on", "t", "true", "y", "yes"}, {"0", "off", "f", "false", "n", "no"}


def _int(value: Any) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value.partition(".")[0])
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int):
        return int(value)
    raise _Refused


def _bool(value: Any) -> bool:
    if isinstance(value, str):
        value = {**dict.fromkeys(_TRUE, 1), **dict.fromkeys(_FALSE, 0)}.get(value.lower())
    if isinstance(value, int | float) and value in {0, 1}:
        return bool(value)
    raise _Refused


def _size(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) or _int(value) < -1:
        raise _Refused
    return _int(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise _Refused


def _type(value: Any) -> str:
    if isinstance(value, str) and value.lower() in {"int", "float"}:
        return value.lower()
    raise _Refused(", not 'int' or 'float'")


def _strategy(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and value.lower() in STRATEGIES:
        return value.lower()
    raise _Refused(", no known strategy")


def _dynamic(value: Any) -> bool | str:
    if isinstance(value, str):
        if value.lower() == LOCAL:
            return LOCAL
        raise _Refused(f"; the only text is {LOCAL!r}")
    return _bool(value)


def _actorder(value: Any) -> str | None:
    if value is None or value is False:
        return None
    if value is True:
        return "group"
    if isinstance(value, str) and value.lower() in REMOVED_ACTORDERS:
        return value.lower()
    if isinstance(value, str) and value in ACTORDERS:
        return value
    _bool(value)
    return None


def _dtype(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and value.removeprefix("torch.") in TORCH_DTYPES:
        return f"torch.{value.removeprefix('torch.')}"
    raise _Refused(", no dtype of torch")


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise _Refused(", not an object")


def _block(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = [_int(part) for part in value.split("x")]
    if isinstance(value, list) and len(value) == 2 and all(isinstance(n, int) for n in value):  # noqa: PLR2004
        rows, columns = value
        if rows > 0 and columns > 0:
            return int(rows), int(columns)
    raise _Refused(", not [rows, columns]")


_READERS = {
    "num_bits": _int,
    "type": _type,
    "symmetric": _bool,
    "group_size": _size,
    "strategy": _strategy,
    "block_structure": _block,
    "dynamic": _dynamic,
    "actorder": _actorder,
    "scale_dtype": _dtype,
    "zp_dtype": _dtype,
    "observer": _text,
    "observer_kwargs": _object,
}
