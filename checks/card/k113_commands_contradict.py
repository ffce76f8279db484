"""Two commands for the same GPU and context differ in other options.

What it checks: `vllm serve` commands that the card gives for one kind and number of GPUs and the
    same --max-model-len: their other options.
Why it matters: one of them is wrong or not needed, and the reader cannot tell which.
How to fix: give one command for a GPU and purpose, or say in words what each is for and give each
    its length.
Seen in: a card whose setup guide serves with --enforce-eager, and whose usage section without.
"""

from itertools import combinations

from release.audit.page import Page
from release.audit.trials import Trial
from release.memory.options import FIELDS
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(page: Page, trials: tuple[Trial, ...]) -> Findings:
    """Compare each two."""
    for one, other in combinations(trials, 2):
        if one.machine is None or other.machine is None or not _same_purpose(one, other):
            continue
        names = _differences(one, other)
        if names:
            what = (
                f"differs from the command on line {one.shell.line}, which is for the same GPU "
                f"({other.machine.gpu.name}), in {', '.join(names)}"
            )
            yield Found(Where(file=page.name, line=other.shell.line), what, "give one command")


def _same_purpose(one: Trial, other: Trial) -> bool:
    if one.machine is None or other.machine is None or not (one.command and other.command):
        return False
    lengths = one.command.options.max_model_len, other.command.options.max_model_len
    return one.machine.kind == other.machine.kind and lengths[0] == lengths[1]


def _differences(one: Trial, other: Trial) -> list[str]:
    if not (one.command and other.command):
        return []
    a, b = one.command, other.command
    pairs = [(name, getattr(a.options, name), getattr(b.options, name)) for name in FIELDS]
    names = [f"--{name.replace('_', '-')}" for name, left, right in pairs if left != right]
    extra = sorted(set(a.ignored) ^ set(b.ignored))
    return [*names, *extra]
