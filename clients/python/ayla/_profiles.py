"""Where a client connects to: argument, then environment, then profile, then default."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ayla._address import DEFAULT_BASE_URL
from ayla._transport import header_value
from ayla._version import __version__
from ayla.errors import AylaError

DEFAULT_PROFILE = "default"


class Profile(BaseModel):
    """A section of the profile file; what is left out is not set.

    Attributes:
        base_url: address of a service.
        api_key: for this address; it is sent to no other.
        timeout: seconds for each part of a request.
        max_retries: how often an idempotent request with a transient error is sent again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str | None = None
    api_key: str | None = Field(None, repr=False)
    timeout: float | None = Field(None, gt=0)
    max_retries: int | None = Field(None, ge=0)


@dataclass(frozen=True)
class Connection:
    """Where and how to connect.

    Attributes:
        base_url: address of the service.
        api_key: None for none.
        timeout: of the profile; None where it has none.
        max_retries: likewise.
        origins: where each came from: "argument", "environment", "profile NAME" or "default".
    """

    base_url: str
    api_key: str | None
    timeout: float | None
    max_retries: int | None
    origins: Mapping[str, str]


def config_path() -> Path:
    """The profile file: the one AYLA_CONFIG names, else ``~/.config/ayla/config.toml``, or in XDG_CONFIG_HOME."""
    named = os.environ.get("AYLA_CONFIG")
    if named:
        return Path(named).expanduser()
    home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "ayla" / "config.toml"


def read_profiles() -> dict[str, Profile]:
    """The profiles of the file by name, as in ``[profiles.lab]``; none where there is no file.

    Raises:
        AylaError: the file cannot be read; the message names the place.
    """
    path = config_path()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AylaError(f"The profile file {path} cannot be read: {error}") from error
    sections = found.get("profiles", {})
    if not isinstance(sections, dict) or found.keys() - {"profiles"}:
        raise AylaError(f"The profile file {path} has sections [profiles.NAME], and nothing else.")
    return {name: _profile(path, name, section) for name, section in sections.items()}


def find_connection(
    *, base_url: str | None = None, api_key: str | None = None, profile: str | None = None
) -> Connection:
    """Where to connect to.

    A profile that is named by the argument goes before the environment; one named by AYLA_PROFILE, or the one called
    "default", after it. The key of a profile is sent to the address of the profile only.

    Args:
        base_url: goes before everything else.
        api_key: likewise.
        profile: name of a profile.

    Raises:
        AylaError: there is no such profile, or the profile file cannot be read.
    """
    name, chosen = _chosen_profile(profile)
    environment = ("environment", os.environ.get("AYLA_BASE_URL") or None, os.environ.get("AYLA_API_KEY") or None)
    of_profile = (f"profile {name}", chosen.base_url, chosen.api_key)
    order = [of_profile, environment] if profile else [environment, of_profile]
    sources = [("argument", base_url or None, api_key or None), *order]
    where, address = next(((origin, url) for origin, url, _ in sources if url), ("default", DEFAULT_BASE_URL))
    key_origin, key = next(
        ((origin, found) for origin, _, found in sources if found and origin in {"argument", "environment", where}),
        ("default", None),
    )
    return Connection(
        base_url=address,
        api_key=key,
        timeout=chosen.timeout,
        max_retries=chosen.max_retries,
        origins={
            "base_url": where,
            "api_key": key_origin,
            "timeout": "default" if chosen.timeout is None else f"profile {name}",
            "max_retries": "default" if chosen.max_retries is None else f"profile {name}",
        },
    )


def connection_headers(api_key: str | None) -> dict[str, str]:
    """The headers of every request.

    Raises:
        InvalidRequest: a header cannot carry the key.
    """
    agent = {"User-Agent": f"ayla-client/{__version__}"}
    return agent | ({"Authorization": f"Bearer {header_value(api_key, 'api_key')}"} if api_key else {})


def _chosen_profile(wanted: str | None) -> tuple[str, Profile]:
    named = wanted or os.environ.get("AYLA_PROFILE") or None
    profiles = read_profiles()
    name = named or DEFAULT_PROFILE
    if name in profiles:
        return name, profiles[name]
    if named is None:
        return name, Profile()
    there = ", ".join(profiles) or "none"
    raise AylaError(f"There is no profile {named!r} in {config_path()}; there are: {there}.")


def _profile(path: Path, name: str, section: Any) -> Profile:
    try:
        return Profile.model_validate(section)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, ("profiles", name, *first["loc"])))
        wrong = first["msg"]
        if first["type"] == "extra_forbidden":
            wrong = f"There is no such setting; a profile has {', '.join(Profile.model_fields)}."
        raise AylaError(f"The profile file {path}: {place}: {wrong}") from None
