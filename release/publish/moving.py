"""What moves in an upload, told while it does: the files, and how far the xet library is."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, constants
from huggingface_hub.utils import _xet
from huggingface_hub.utils._runtime import is_xet_available

from release.hub.pulse import PULSE

XET = {"HF_XET_CLIENT_READ_TIMEOUT": "120s", "HF_XET_CLIENT_RETRY_MAX_DURATION": "10s"}
"""The xet library's own limits where the person set none: by itself it sleeps for minutes between
its attempts, while the store may have been back for long."""


@contextmanager
def heard(additions: list[CommitOperationAdd]) -> Iterator[None]:
    """Hear of what the xet library does in an upload; without it the files tell themselves."""
    if not is_xet_available() or constants.HF_HUB_DISABLE_XET:
        yield
        return
    for name, value in (XET | _log()).items():
        os.environ.setdefault(name, value)
    holder: Any = _xet._GLOBAL_XET_HOLDER  # noqa: SLF001 - the client has no other place for it
    holder._session = _Heard(holder.get(), additions[0].path_in_repo)  # noqa: SLF001
    try:
        yield
    finally:
        holder._session = getattr(holder._session, "inner", None)  # noqa: SLF001


class _Heard:
    """The client's session with the xet library, whose uploads are listened to."""

    def __init__(self, inner: Any, name: str) -> None:
        self.inner, self._name = inner, name

    def new_upload_commit(
        self, progress_callback: Callable[..., object] | None = None, **options: Any
    ) -> Any:
        """Begin an upload, as the client asks for it."""
        last: list[object] = []

        def listen(group: Any, files: Any) -> None:
            said = [_numbers(group), _numbers(group.shard)]
            if said != last:
                last[:] = said
                PULSE.beat()
            PULSE.reach(self._name, group.total_transfer_bytes_completed)
            if progress_callback is not None:
                progress_callback(group, files)

        return self.inner.new_upload_commit(progress_callback=listen, **options)

    def sigint_abort(self) -> None:
        """End what is under way."""
        self.inner.sigint_abort()


def _log() -> dict[str, str]:
    """Where the library can write no log: else it would print it, between our results."""
    try:
        Path(constants.HF_XET_CACHE, "logs").mkdir(parents=True, exist_ok=True)
    except OSError:
        return {"HF_XET_LOG_DEST": os.devnull}
    return {}


def _numbers(report: Any) -> dict[str, int]:
    """All counts of a report: whichever of them grows, something moved."""
    held = {name: getattr(report, name) for name in dir(report) if name[0] != "_"}
    return {name: value for name, value in held.items() if isinstance(value, int)}
