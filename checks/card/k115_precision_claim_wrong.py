"""A precision on the card is not what the modules are stored in.

What it checks: the title, tables, lists, recipes and sentences that say which part of the model is
    in which precision (`lm_head | BF16`, `FP8 | q_proj, down_proj`, `Scheme: W4A16`), against the
    modules' tensors: every precision named must be there, and they must be those of most of the
    part's weights.
Why it matters: who debugs quality, or picks kernels, trusts this table before the config.
How to fix: correct it: `release tables` prints which modules are in which scheme.
Seen in: a table copied from a sister model, which says that the head is quantized.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from release.audit.cached import NO_SCALES, SCALES
from release.audit.page import Page
from release.audit.precise import Precise
from release.audit.schemes import (
    QUANTIZED,
    true_of,
    true_of_activations,
    true_of_any,
    true_of_cache,
    true_of_weights,
)
from release.audit.subjects import LINEARS, REST
from release.audit.words import patterns
from release.facts.components import ATTENTION, AUDIO, LINEAR_ATTENTION, MTP, VISION
from release.facts.modules import Module, Modules
from release.quantization.arguments import Args
from release.quantization.config import QuantizationConfig
from release.quantization.match import PATTERN, Targets
from release.rules import Findings, Found, Where, rule
from release.unknown import Unknown

ENOUGH = 0.75  # of the weights of a part
LITTLE = 0.1  # of what is quantized
MANNERS = frozenset(patterns("manners"))
TOLD = re.compile(r"kv[-_]cache[-_]dtype")  # to a server
JUDGES = {"activations": true_of_activations, "weights": true_of_weights}
TOWERS = {MTP, VISION, AUDIO}  # whose modules have the same names as the text model's


@rule(since="0.1.0")
def check(
    page: Page,
    precisions: tuple[Precise, ...],
    modules: Modules,
    quantization: QuantizationConfig | Unknown,
) -> Findings:
    """Judge each part of each claim; those that name nothing here are left alone."""
    cache = None if isinstance(quantization, Unknown) else quantization.kv_cache_scheme
    told = TOLD.search(page.text) is not None
    for claim in precisions:
        of_cache = claim.side == "cache"
        found = _cache(claim, cache, told=told) if of_cache else _parts(claim, modules, cache)
        for what in found:
            yield Found(Where(file=page.name, line=claim.line), what, "correct it")


def _cache(claim: Precise, cache: Args | None, *, told: bool) -> Iterator[str]:
    """A server can be told to quantize the cache: only what is said of the files has an answer."""
    if SCALES in claim.words and cache is None:
        yield "KV cache: the card says that there are scales for it, there are none"
    elif NO_SCALES in claim.words and cache is not None:
        yield f"KV cache: the card says that there are no scales, it is {_true(cache)}"
    elif cache is None:
        formats = claim.words - MANNERS - {QUANTIZED}
        if QUANTIZED in claim.words and formats and not told:
            yield f"KV cache: the card says {_said(claim)}, the checkpoint has no scales for it"
    else:
        formats = claim.words - MANNERS - {QUANTIZED, SCALES}
        true = true_of_cache(cache)
        if (formats and not formats & true) or (claim.words & MANNERS) - true:
            yield f"KV cache: the card says {_said(claim)}, it is {_true(cache)}"


def _true(cache: Args) -> str:
    return ", ".join(sorted(true_of_cache(cache)))


def _parts(claim: Precise, modules: Modules, cache: Args | None) -> Iterator[str]:
    if claim.side == "both" and cache is not None:  # a recipe may mean its scales
        claim = msgspec.structs.replace(claim, words=claim.words - true_of_cache(cache))
    if not claim.words:
        return
    if claim.side == "only":
        yield from _only(claim, modules)
        return
    for part in claim.parts or ("",):
        meant = (_of_scheme(claim, found) for found in _meant(part, modules))
        sets = [found for found in meant if found]
        problem = _left_out if claim.side == "ignored" else _problem
        wrong = [what for found in sets if (what := problem(claim, found)) is not None]
        if sets and len(wrong) == len(sets):
            yield f"{part or 'quantized modules'}: {wrong[0]}"


def _meant(part: str, modules: Modules) -> tuple[list[Module], ...]:
    """The modules that a word may mean: `attention` also that of the other kind, in hybrids."""
    stored = [m for m in modules if m.shape is not None or "weight" in m.tensors]
    if not part or part == LINEARS:
        return ([module for module in stored if module.known_scheme],)
    if part == REST:
        rest = [module for module in stored if module.known_scheme is None]
        return rest, [module for module in stored if module.known_scheme]
    if part.startswith(PATTERN):
        found = Targets([part]).match({module.name: () for module in stored})
        return ([module for module in stored if found[module.name]],)
    if "." in part:
        inner = _inside(part)
        return ([module for module in stored if inner.search(module.name)],)
    parts = [module for module in modules if module.component == part and module.tensors]
    if part == ATTENTION:
        linear = [module for module in stored if module.component == LINEAR_ATTENTION]
        return parts, [*parts, *linear]
    named = [module for module in stored if module.name.rpartition(".")[2] == part]
    return parts, [module for module in named if module.component not in TOWERS]


def _of_scheme(claim: Precise, modules: list[Module]) -> list[Module]:
    """The modules that have the scheme whose row it is."""
    return [m for m in modules if claim.among <= true_of(m)] if claim.among else modules


def _inside(part: str) -> re.Pattern[str]:
    """Some parts of a dotted name, with `*` for any other."""
    form = re.escape(part.strip(".")).replace(r"\*", r"[^.]*").replace(r"\.[^.]*", r"(?:\..*)?")
    return re.compile(rf"(?:^|\.){form}(?:\.|$)")


def _left_out(_: Precise, modules: list[Module]) -> str | None:
    """What is said of an entry that was ignored: one that is quantized was not."""
    quantized = [module for module in modules if module.known_scheme]
    if not quantized:
        return None
    return f"the card says it was left out, {len(quantized)} of {len(modules)} are quantized"


def _only(claim: Precise, modules: Modules) -> Iterator[str]:
    """That nothing but these is quantized: what else is, if it is more than a little."""
    sets = [_meant(part, modules) for part in claim.parts]
    if not all(any(found) for found in sets):
        return
    named = {module.name for found in sets for each in found for module in each}
    quantized = [module for module in modules if module.known_scheme]
    others = [module for module in quantized if module.name not in named]
    if sum(map(_size, others)) > LITTLE * sum(map(_size, quantized)):
        what = ", ".join(sorted({module.component for module in others}))
        yield f"{', '.join(claim.parts)}: the card says that only these are quantized, so is {what}"


def _problem(claim: Precise, modules: list[Module]) -> str | None:
    judge = JUDGES.get(claim.side, true_of) if not claim.parts else true_of
    true = [(judge(module), _size(module)) for module in modules]
    true += [(true_of_any(module), 0) for module in modules]
    if claim.side == "both":
        true += [(true_of_activations(module), 0) for module in modules]
    absent = sorted(word for word in claim.words if not any(word in words for words, _ in true))
    covered = sum(size for words, size in true if words & claim.words)
    whole = sum(size for _, size in true)
    if not absent and (not claim.parts or covered >= whole * ENOUGH):
        return None
    return f"the card says {_said(claim)}, it is {_schemes(modules)}"


def _said(claim: Precise) -> str:
    return ", ".join(sorted(word.upper() for word in claim.words))


def _size(module: Module) -> int:
    if module.shape is not None:
        return module.shape[0] * module.shape[1]
    weight = module.tensors.get("weight") or next(iter(module.tensors.values()))
    return weight.elements


def _schemes(modules: Iterable[Module]) -> str:
    """The schemes there, the largest first."""
    sizes: Counter[str] = Counter()
    for module in modules:
        scheme = module.known_scheme
        weight = module.tensors.get("weight") or next(iter(module.tensors.values()))
        sizes[scheme.name if scheme else weight.dtype] += _size(module)
    return ", ".join(name for name, _ in sizes.most_common(4))
