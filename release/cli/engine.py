"""Which vLLM to run: the option that commands with a smoke test share."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from release.cli.options import Decorator, find_manifest

if TYPE_CHECKING:
    from release.smoke.evidence import Engine

LOG = Path(".release/smoke.log")

python_option: Decorator = click.option(
    "--python",
    type=click.Path(path_type=Path),
    default=Path("python"),
    show_default=True,
    metavar="PATH",
    help="A Python that has vllm, from 0.17 on.",
)


def make_engine(python: Path, base: Path | None = None, timeout: int | None = None) -> "Engine":
    """Say which vLLM to run and how, by the options and the manifest's `[smoke]`."""
    import msgspec  # noqa: PLC0415 - keeps --help fast

    from release.smoke.evidence import Engine  # noqa: PLC0415
    from release.smoke.expectations import Expectations  # noqa: PLC0415

    manifest = find_manifest()
    expectations = manifest.smoke if manifest else Expectations()
    if timeout:
        expectations = msgspec.structs.replace(expectations, timeout=timeout)
    LOG.parent.mkdir(parents=True, exist_ok=True)
    return Engine(python=python, log=LOG, expectations=expectations, base=base)
