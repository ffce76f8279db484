"""A side file names a place on the machine that wrote it.

What it checks: no string of a JSON or YAML file, and no free metadata of a weight file, is an
    absolute path, a home folder or an address in a private store (file://, s3://, gs://). Names of
    repositories, relative paths, tokens and chat templates are fine.
Why it matters: it tells user names and machines, and whoever loads by that name fails.
How to fix: write the repository's name instead, or remove the entry.
Seen in: `_name_or_path` of fine-tuned models; datasets in recipe.yaml.
"""

import re

from release.facts.strings import Strings
from release.rules import Findings, Found, Where, rule

LOCAL = re.compile(
    r"(?:~|/[\w.@+-]+)(?:/[\w.@+-]+)+/?"
    r"|/(?:home|root|Users|Volumes|mnt|media|data|content|workspace|scratch|tmp)/.+"
    r"|[A-Za-z]:[\\/][^\\/].*|\\\\[\w.-]+\\.*"
    r"|(?:file|s3|gs|hdfs|dbfs|abfss?|az)://.*"
)
SHOWN = 60


@rule(since="0.1.0", severity="warning")
def check(strings: Strings) -> Findings:
    """Judge every string by its form, but those that list a vocabulary's tokens."""
    for string in strings:
        if string.text[:1].isspace() or "token" in string.path.replace("tokenizer", ""):
            continue
        if LOCAL.fullmatch(string.text):
            yield Found(
                where=Where(file=string.file, path=string.path),
                message=f"is {string.text!r:.{SHOWN}}, a place on the machine that wrote it",
                fix="write the repository's name (owner/name), or remove it",
            )
