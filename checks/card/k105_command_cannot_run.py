"""A command on the card cannot work as it stands.

What it checks: every shell command: `vllm serve`, in a manifest of Compose or Kubernetes too, by
    the options of the release that the card names, by the model's limits and, where it names a GPU
    for it, by vLLM's arithmetic there; `pip install` with an unquoted `>` or `<`; installs from a
    fork; edits of installed files.
Why it matters: it is the first thing that a reader tries.
How to fix: the finding names what starts; quote requirements; name the release that has the fix.
Seen in: a command for an RTX 5090 whose context does not fit beside the weights; `pip install
    vllm>=0.17.0`, which installs anything and writes a file named `=0.17.0`.
"""

import re

from release.audit.page import Page
from release.audit.shell import Shell
from release.audit.trials import Trial
from release.rules import Findings, Found, Where, rule

REDIRECT = re.compile(r"""(?:^|\s)(?!["'])[\w\[\],.-]+(?:[<>]=?|~=[^"'\s]*[<>])[=\d]""")
QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
OPTION = re.compile(r"--?\w[\w.-]*")
FORK = re.compile(r"git\+https://\S+")


@rule(since="0.1.0")
def check(page: Page, shell: tuple[Shell, ...], trials: tuple[Trial, ...]) -> Findings:
    """Judge installs by their text, servers by trial."""
    for each in shell:
        where = Where(file=page.name, line=each.line)
        bare = QUOTED.sub("", each.text)
        if each.kind == "install" and (match := REDIRECT.search(bare)):
            what = f"a shell takes {match[0].strip()}… apart: `>` writes a file, `<` reads one"
            yield Found(where, what, "put the requirement in quotes")
        if each.kind == "install" and (fork := FORK.search(each.text)):
            what = f"installs {fork[0]:.100}, which can change or go away"
            yield Found(where, what, "name a release that has the change", severity="warning")
        if each.kind == "patch":
            what = "edits installed files, which the next install undoes"
            yield Found(where, what, "name a release that has the change", severity="warning")
    for trial in trials:
        yield from _judge(page, trial)


def _judge(page: Page, trial: Trial) -> Findings:
    where = Where(file=page.name, line=trial.shell.line)
    if trial.problem is not None:
        yield Found(_place(page, trial.shell, trial.problem), trial.problem, "correct the command")
        return
    for name, what in trial.lacking:
        yield Found(_place(page, trial.shell, name), what, "correct it, or leave it out")
    for short, whole in trial.command.shortened if trial.command else ():
        what = f"vLLM takes {short} for {whole}, as long as no other option begins so"
        fix = f"write {whole}, or the option that is meant"
        yield Found(_place(page, trial.shell, short), what, fix, "warning")
    if trial.refused is not None:
        yield Found(where, f"vLLM refuses it: {trial.refused}", "correct it: release fit --audit")
    machine, fit = trial.machine, trial.fit
    if machine is None or fit is None:
        return
    if fit.answer.starts is False:
        what = f"does not start on {machine.gpu.name}: {fit.answer.why}"
        fix = f"as in: {trial.change}" if trial.change else "no change of it starts there"
        yield Found(where, what, fix)
    used = fit.settled.serving.tensor_parallel_size * fit.settled.serving.pipeline_parallel_size
    if used < machine.count:
        what = f"is for {machine.count} × {machine.gpu.name} and uses {used}"
        yield Found(where, what, f"--tensor-parallel-size {machine.count}", severity="warning")


def _place(page: Page, shell: Shell, said: str) -> Where:
    """The line of the option that is spoken of, in a command of several lines."""
    named = (shell.text.find(word) for word in OPTION.findall(said))
    begin = next((place for place in named if place >= 0), 0)
    return Where(file=page.name, line=shell.line + shell.text.count("\n", 0, begin))
