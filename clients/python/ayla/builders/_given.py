"""What every builder needs: the settings that were given, without the others."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Settings: TypeAlias = dict[str, Any]
Given: TypeAlias = Mapping[str, Any]


def given(**fields: object) -> Settings:
    """The fields that are not None."""
    return {key: value for key, value in fields.items() if value is not None}


def named(settings: str | Given | None) -> Given | None:
    """Settings that have a name, from the name alone too."""
    return {"name": settings} if isinstance(settings, str) else settings
