"""`python -P -m release.actions STEP`: -P, so that nothing in a workspace can pose as a module."""

import os
import sys

from release.actions.commands import error
from release.actions.inputs import read_inputs
from release.actions.steps import STEPS
from release.actions.summary import summarise, summarise_refusal
from release.errors import ReleaseError

SUMMARY = "summary"


def main(step: str) -> int:
    """Run one step; what is wrong with it becomes an annotation, and its exit code."""
    try:
        inputs = read_inputs(os.environ)
        os.chdir(inputs.working_directory)
        if step == SUMMARY:
            return summarise(inputs)
        return STEPS[step](inputs) if step in STEPS else 0
    except ReleaseError as fault:
        if step == SUMMARY:
            return summarise_refusal(fault)
        error(str(fault))
        return fault.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
