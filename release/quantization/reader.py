"""Which config group a layer gets in vLLM 0.32: its own rules, on its own fused layers.

Names and patterns are tried on vLLM's name of a layer, then on those of the projections that it
fuses (all must match, the first one's target decides), then class names as parts of the layer's
class. The first target in the order of the declaration wins. Source: vllm's compressed_tensors/
utils.py, config_utils.py and get_quant_method.
"""

from collections.abc import Iterable, Mapping

import msgspec

from release.quantization.config import ConfigGroup
from release.quantization.match import PATTERN, compile_pattern

LINEAR_CLASS, HEAD_CLASS = "Linear", "ParallelLMHead"  # all Linears have it in their name
EMBEDDING_CLASS, EXPERTS_CLASS = "VocabParallelEmbedding", "RoutedExperts"
ATTENTION = "Attention"
MIXED_SHARDS = "Found different quantization schemes for the shards"
MIXED_EXPERTS = "All MoE projections need to have same quantization scheme"


class Choice(msgspec.Struct, frozen=True):
    """What vLLM decides for a layer: a group by a target, or none.

    `ignored_by` is the entry of `ignore` that decides, `refused` the error that it raises instead.
    """

    group: str | None = None
    target: str | None = None
    ignored_by: str | None = None
    refused: str | None = None


class Entries:
    """Targets, or entries of `ignore`, in the order in which vLLM tries them."""

    def __init__(self, entries: Iterable[str], broken: Iterable[str] = ()) -> None:
        self.order = {entry: place for place, entry in enumerate(dict.fromkeys(entries))}
        self.patterns = {
            entry: compile_pattern(entry.removeprefix(PATTERN))
            for entry in self.order
            if entry.startswith(PATTERN) and entry not in set(broken)
        }

    def first(self, value: str) -> str | None:
        """The first entry that is the name, or a pattern that matches it from its start."""
        named = value if value in self.order and not value.startswith(PATTERN) else None
        for entry, pattern in self.patterns.items():
            if named is not None and self.order[named] < self.order[entry]:
                return named
            if pattern.match(value):
                return entry
        return named

    def of_class(self, name: str) -> str | None:
        """The first entry that is a part of a class name in any case, or a pattern for it."""
        for entry in self.order:
            pattern = self.patterns.get(entry)
            if pattern.match(name) if pattern else entry.lower() in name.lower():
                return entry
        return None


class Reader:
    """vLLM's view of one declaration, its entries already renamed.

    `fused` is the packed_modules_mapping; `broken` are patterns that cannot be used.
    """

    def __init__(
        self,
        groups: Iterable[ConfigGroup],
        ignore: Iterable[str],
        fused: Mapping[str, tuple[str, ...]],
        broken: Iterable[str] = (),
    ) -> None:
        kept = [group for group in groups if not is_for_attention(group)]
        self.groups = {group.name: group for group in kept}
        self.owner = {target: group.name for group in kept for target in group.targets}
        self.targets = Entries(self.owner, broken)
        self.ignore = Entries(ignore, broken)
        self.fused = fused

    def choose(self, layer: str, kind: str) -> Choice:
        """Decide on a layer by its name and class."""
        ignored = self._ignored(layer)
        shards = set(map(bool, ignored))
        if len(shards) > 1:
            by = next(entry for entry in ignored if entry)
            return Choice(ignored_by=by, refused=MIXED_SHARDS)
        if ignored[0]:
            return Choice(ignored_by=ignored[0])
        target = self.targets.first(layer) or self._fused(layer) or self._of_class(kind)
        return Choice(self.owner[target], target) if target else Choice()

    def choose_experts(self, layer: str, projections: Iterable[str]) -> Choice:
        """Decide on routed experts: by the projections of expert 0, which must agree."""
        choices = [self.choose(f"{layer}.0.{name}", EXPERTS_CLASS) for name in projections]
        schemes = [self._scheme(choice) for choice in choices]
        if any(scheme != schemes[0] for scheme in schemes):
            return Choice(choices[0].group, choices[0].target, refused=MIXED_EXPERTS)
        return choices[0]

    def _scheme(self, choice: Choice) -> tuple[object, ...] | None:
        return self.groups[choice.group].scheme_key if choice.group else None

    def _ignored(self, layer: str) -> list[str | None]:
        """The entry that ignores the layer as a whole, or one for each projection in it."""
        whole = self.ignore.first(layer)
        last = layer.rpartition(".")[2]
        if whole or last not in self.fused:
            return [whole]
        return [self.ignore.first(layer.replace(last, shard)) for shard in self.fused[last]]

    def _fused(self, layer: str) -> str | None:
        key = next((name for name in self.fused if layer.endswith(name)), None)
        if key is None:
            return None
        found = [self.targets.first(layer.replace(key, shard)) for shard in self.fused[key]]
        return found[0] if all(found) else None

    def _of_class(self, kind: str) -> str | None:
        found = self.targets.of_class(kind)
        if found is None and kind == EXPERTS_CLASS and "Linear" in self.owner:
            return "Linear"  # experts are what Linears were fused into
        return found


def is_for_attention(group: ConfigGroup) -> bool:
    """Whether vLLM leaves a group out: one for attention itself goes with the KV cache."""
    return len(group.targets) == 1 and group.targets[0].endswith(ATTENTION)
