"""Mamba 2: as Mamba, with a head of its own where the config does not say."""

import msgspec

from release.architecture.families.mamba import FAMILY as MAMBA

FAMILY = msgspec.structs.replace(MAMBA, tied_by_default=False)
