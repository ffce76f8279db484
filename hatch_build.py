"""Put the top-level `checks/` and `templates/` into the wheel, under `release/`.

An editable install gets nothing: there `release.content` finds both folders in the checkout.
"""

from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ContentHook(BuildHookInterface[BuilderConfig]):
    """Ship rules and templates as package data of standard wheels."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add both folders to a standard wheel; `version` is hatchling's build target version."""
        if version == "standard":
            build_data["force_include"].update(
                {"checks": "release/checks", "templates": "release/templates"}
            )
