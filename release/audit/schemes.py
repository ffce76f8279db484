"""Words for precisions on cards, and which of them are true of a module."""

import re
from functools import cache

from release.audit.words import patterns
from release.facts.modules import Module
from release.quantization.arguments import LOCAL, Args
from release.quantization.schemes import Scheme

PLAIN, QUANTIZED = "not quantized", "quantized"
FLOATS = frozenset({"bf16", "fp16", "fp32", "16 bits", "32 bits", PLAIN})
WORD = re.compile(
    r"(?<![\w.-])(?:(?P<name>(?:NVFP4|MXFP[468])(?:A16)?|FP[48]|F8|INT[2348]|UINT[48]|I8)(?:[_-](?:DYNAMIC|BLOCK|E\dM\d\w*))?"
    r"|(?P<float>bfloat16|float16|float32|BF16|FP16|FP32|F32|F16)"
    r"|(?P<both>W\d{1,2}A\d{1,2})(?:[_-](?:INT8|FP8|ASYM))?"
    r"|(?P<bits>\d{1,2})[- ]?bits?"
    r"|(?P<plain>unquantized|not quantized|non-quantized|(?:full|original) precision))(?!\w|\.\d)",
    re.IGNORECASE | re.ASCII,
)
# What people call a strategy of compressed-tensors.
GRAINS = {
    "tensor": {"per tensor"},
    "channel": {"per channel"},
    "token": {"per token"},
    "block": {"per block", "per group"},
    "group": {"per group", "per block", "per token"},
    "tensor_group": {"per group", "per block", "per tensor"},
}
SPELT = {
    "f8": "fp8",
    "i8": "int8",
    "bfloat16": "bf16",
    "float16": "fp16",
    "float32": "fp32",
    "f16": "fp16",
    "f32": "fp32",
}
NAMED = ("nvfp4", "mxfp4", "mxfp6", "mxfp8")
ALONE = "a16"  # behind the name of a format: activations are not quantized
DTYPES = {"BF16": "bf16", "F16": "fp16", "F32": "fp32"}
BRACKETS = re.compile(r"\(([^()]*)\)")
FILLERS = re.compile(
    r"\b(?:weights?|activations?|only|integers?|floats?|floating|point|data|type|scheme|and|with"
    r"|group[ _]?size|e\dm\d\w*|llm|rtn|gptq|awq)\b",
    re.IGNORECASE,
)
# What is said of scales, and of activations that are left alone, is about no weight.
ASIDE = re.compile(
    r"\([^()]*\)|\b\w+(?: \w+){0,2}[- ](?:group[- ])?scales?\b"
    r"|\b(?:BF16|FP16|16-bit|bfloat16) activations?\b",
    re.IGNORECASE,
)


def words_of(text: str) -> frozenset[str]:
    """The precisions that a text names, in one spelling each."""
    found = set()
    bare = ASIDE.sub(" ", text)
    for match in WORD.finditer(bare):
        if match["plain"]:
            found.add(PLAIN)
        elif match["bits"]:
            found.add(f"{match['bits']} bits")
        else:
            word = (match["name"] or match["float"] or match["both"]).lower()
            found.add(SPELT.get(word, word.removeprefix("u")))
    return frozenset(found | manners_of(bare)) if found else frozenset()


def manners_of(text: str) -> frozenset[str]:
    """How a text says that something is scaled: per channel, dynamic, symmetric."""
    found = {word for word, form in patterns("manners").items() if form.search(text)}
    return frozenset(found - {"static"} if "dynamic" in found else found)


def unfolded(text: str) -> str:
    """The text with brackets opened that say precisions and nothing else: `NVFP4 (W4A4)`."""

    def open_up(match: re.Match[str]) -> str:
        rest = WORD.sub(" ", re.sub(r"\w+ scales?", " ", match[1]))
        rest = _manner_words().sub(" ", rest)
        said = (WORD.search(match[1]) or manners_of(match[1])) and not re.search(
            r"[^\W\d]{3}", FILLERS.sub(" ", rest)
        )
        inside = match[1] if WORD.search(match[1]) else match[1].replace(",", " ")
        return f" {inside}" if said else match[0]

    return BRACKETS.sub(open_up, text)


def without_manners(text: str) -> str:
    """What a text says beside how something is scaled."""
    return _manner_words().sub(" ", text)


@cache
def _manner_words() -> re.Pattern[str]:
    return re.compile(
        "|".join(form.pattern for form in patterns("manners").values()), re.IGNORECASE
    )


def rest_of(text: str) -> str:
    """What a text says beside precisions."""
    return WORD.sub(" ", ASIDE.sub(" ", text))


def true_of(module: Module) -> frozenset[str]:
    """The words that are true of a module's weight as it is stored."""
    scheme = module.known_scheme
    if scheme is None:
        weight = module.tensors.get("weight") or next(iter(module.tensors.values()))
        return _unquantized(weight.dtype)
    weights, bits = scheme.weights, scheme.inputs.num_bits if scheme.inputs else 16
    both = f"w{weights.num_bits}a{bits}"
    words = {
        QUANTIZED,
        *_numbers(weights),
        both,
        *_named(scheme),
        *_aside(scheme),
        *_grains(scheme),
    }
    # All weights are static: said of both sides it is a claim about the other one.
    manner = _manner(scheme.inputs) | {_symmetry(weights)} if scheme.inputs else _manner(weights)
    return frozenset(words | manner)


def true_of_weights(module: Module) -> frozenset[str]:
    """The words that are true of a quantized weight alone."""
    scheme = module.known_scheme
    if scheme is None:
        return true_of(module)
    both = f"w{scheme.weights.num_bits}a{scheme.inputs.num_bits if scheme.inputs else 16}"
    return frozenset({*_numbers(scheme.weights), both, *_named(scheme), *_words(scheme.weights)})


def true_of_activations(module: Module) -> frozenset[str]:
    """The words that are true of what a quantized module computes with."""
    scheme = module.known_scheme
    plain = frozenset({"bf16", "fp16", "16 bits", PLAIN})
    if scheme is None:
        return plain
    if scheme.inputs is None:
        return plain | {f"w{scheme.weights.num_bits}a16"}
    both = f"w{scheme.weights.num_bits}a{scheme.inputs.num_bits}"
    named = {QUANTIZED, both, *_named(scheme)}
    return frozenset({*_numbers(scheme.inputs), *named, *_words(scheme.inputs)})


def true_of_cache(cache: Args) -> frozenset[str]:
    """The words that are true of a cache that the checkpoint has scales for."""
    return frozenset({*_numbers(cache), *_words(cache)})


def true_of_any(module: Module) -> frozenset[str]:
    """The words that are true of any tensor of a module that is not quantized: a bias of F32."""
    if module.known_scheme is not None:
        return frozenset()
    return frozenset().union(*(_unquantized(info.dtype) for info in module.tensors.values()))


def _unquantized(dtype: str) -> frozenset[str]:
    word = DTYPES.get(dtype, dtype.lower())
    return frozenset({word, PLAIN, "32 bits" if word == "fp32" else "16 bits"})


def _named(scheme: Scheme) -> list[str]:
    """`nvfp4`, and `nvfp4a16` where activations are left alone."""
    found = [word for word in NAMED if scheme.name.lower().startswith(word)]
    return [*found, *(f"{word}{ALONE}" for word in found if scheme.inputs is None)]


def _aside(scheme: Scheme) -> tuple[str, ...]:
    """`INT4 weights, FP8 activations`: a row may name what it computes with as well."""
    inputs = scheme.inputs
    mixed = inputs is not None and inputs.num_bits != scheme.weights.num_bits
    return _numbers(inputs) if mixed and inputs else ()


def _grains(scheme: Scheme) -> set[str]:
    """A row may say in one breath how weights and activations are scaled."""
    sides = (scheme.weights, scheme.inputs)
    return {word for args in sides if args for word in GRAINS.get(args.strategy, ())}


def _words(args: Args) -> set[str]:
    return GRAINS.get(args.strategy, set()) | _manner(args)


def _manner(args: Args) -> set[str]:
    """NVFP4 scales each group as it comes, and all of them by what calibration found."""
    when = {"static"} if args.dynamic is False else {"dynamic"}
    return {*when, *({"static"} if args.dynamic == LOCAL else ()), _symmetry(args)}


def _symmetry(args: Args) -> str:
    return "symmetric" if args.symmetric else "asymmetric"


def _numbers(args: Args) -> tuple[str, ...]:
    return (
        f"{'fp' if args.type == 'float' else 'int'}{args.num_bits}",
        f"{args.num_bits} bits",
        args.type,
    )
