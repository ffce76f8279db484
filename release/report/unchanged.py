"""Whether a report is still about the files in the folder."""

from release.checkpoint import Checkpoint
from release.errors import ReleaseError
from release.facts.identity import identify
from release.facts.scan import hash_checkpoint
from release.report import Report


def require_unchanged(report: Report, checkpoint: Checkpoint) -> None:
    """Hash every file again. Raises `ReleaseError` naming the first that is not as reported.

    No digest of an earlier run is taken for true here, however unchanged a file looks.
    """
    if report.checkpoint.digest is None:
        hint = "run `release verify --level bytes`"
        raise ReleaseError("the report holds no hashes of the files", hint=hint)
    identity = identify(hash_checkpoint(checkpoint))
    then = {file.path: file.sha256 for file in report.checkpoint.files}
    now = {file.path: file.sha256 for file in identity.files}
    for path in sorted(then.keys() | now.keys()):
        if then.get(path) == now.get(path):
            continue
        what = (
            "changed" if path in then and path in now else "is gone" if path in then else "is new"
        )
        hint = "run `release verify` again"
        raise ReleaseError(f"{what} since the checkpoint was verified", where=path, hint=hint)
