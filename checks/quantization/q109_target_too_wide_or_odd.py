"""A target claims modules that no scheme is for, or a class that has none.

What it checks: patterns of groups with weights claim no norm, convolution or other module that is
    not a Linear or an Embedding, unless it is ignored; class targets are Linear, Embedding or a
    class of attention.
Why it matters: engines leave such modules alone, but the pattern is wider than it was meant to be,
    and the next model of the family has more that it hits. Another class quantizes nothing.
How to fix: end the pattern with the projection's name and `$`.
Seen in: llm-compressor #2641.
"""

from release.architecture.skeleton import CONV, NORM
from release.facts.modules import Modules
from release.facts.reader import ReadersView
from release.quantization.config import QuantizationConfig
from release.quantization.match import PATTERN
from release.rules import Findings, Found, in_config, rule
from release.text import quoted
from release.unknown import Unknown

CLASSES = {"Linear", "Embedding", "LinearBase", "RoutedExperts"}
ATTENTION = "Attention"


@rule(since="0.1.0", severity="warning")
def check(
    quantization: QuantizationConfig, modules: Modules, reader: ReadersView | Unknown
) -> Findings:
    """Judge each target once, by the first module that it should not have hit."""
    read = frozenset() if isinstance(reader, Unknown) else reader.targets
    wide: dict[str, str] = {}
    for module in modules:
        if module.kind in {NORM, CONV} and module.claim.ignored_by is None:
            for target in module.claim.targets:
                wide.setdefault(target, f"{module.name}, a {module.kind}")
    for group in quantization.groups:
        if group.weights is None or modules.unmatched.issuperset(group.targets):
            continue  # a group that matches nothing is Q101's
        for position, target in enumerate(group.targets):
            where = in_config(f"{group.path}.targets.{position}")
            if target in wide and target.startswith(PATTERN):
                message = f"{quoted(target)} also claims {wide[target]}"
                fix = "end the pattern with the projection's name and '$'"
                yield Found(where, message, fix, "info")
            elif target not in read and _is_odd_class(target, modules):
                message = f"{quoted(target)} is a class that no engine quantizes"
                yield Found(where, message, "name Linear, or the modules")


def _is_odd_class(target: str, modules: Modules) -> bool:
    plain = target.isidentifier() and target not in modules.items
    return plain and target not in CLASSES and not target.endswith(ATTENTION)
