"""A target or an entry of `ignore` is a pattern that cannot be used.

What it checks: every `re:` pattern compiles, is at most 1,000 characters long and answers within
    two seconds for all modules; nothing looks like a pattern and lacks the exact prefix `re:`.
Why it matters: a pattern that does not compile stops every engine at start, one that backtracks
    for ever hangs it, and without `re:` it is taken for a name that no module has.
How to fix: write `re:` and a Python pattern without nested repetition, anchored by `$`.
Seen in: `re:*mlp*`, a shell pattern, in configs written by hand.
"""

from release.facts.modules import Modules
from release.quantization.config import QuantizationConfig
from release.rules import Findings, Found, in_config, rule


@rule(since="0.1.0")
def check(quantization: QuantizationConfig, modules: Modules) -> Findings:
    """Report every pattern that could not be matched, where it stands."""
    lists = {f"{group.path}.targets": group.targets for group in quantization.groups}
    lists[f"{quantization.path}.ignore"] = quantization.ignore
    for path, entries in lists.items():
        for position, entry in enumerate(entries):
            problem = modules.pattern_problems.get(entry)
            if problem is not None:
                yield Found(
                    where=in_config(f"{path}.{position}"),
                    message=f"{entry!r:.80} {problem}",
                    fix="write 're:' and a Python pattern such as 're:.*mlp\\.down_proj$'",
                )
