"""Modules of a vision or audio tower, or of its projector, are quantized.

What it checks: no Linear of a tower or projector is claimed and stored quantized.
Why it matters: towers are a small part of the bytes and lose most: calibration on text sends
    nothing through them, and engines build many of them in floats only.
How to fix: add the tower to `ignore`; if it is meant, allow this rule in release.toml.
Seen in: llm-compressor #1766 and #2597, `ignore` patterns that missed the tower's names.
"""

from release.facts.absences import TOWERS
from release.facts.modules import Modules
from release.quantization.schemes import Scheme
from release.rules import Findings, Found, Where, rule


@rule(since="0.1.0", severity="warning")
def check(modules: Modules) -> Findings:
    """Report each one; what no group claims is T104's."""
    for module in modules:
        if module.component in TOWERS and module.quantized and isinstance(module.scheme, Scheme):
            yield Found(
                where=Where(module=module.name),
                message=f"is stored as {module.scheme.name}, in the {module.component.lower()}",
                fix="add the tower to ignore, or allow this rule if it is meant",
            )
