"""Commands about profiles, where the command finds the service and the API key: show, set, unset, profiles, path."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from ayla._address import parse_base_url, without_credentials
from ayla._profiles import DEFAULT_PROFILE, Connection, Profile, config_path, find_connection, read_profiles
from ayla.cli import completion
from ayla.cli.config_file import changing, table
from ayla.cli.groups import group
from ayla.cli.ids import UnknownName
from ayla.cli.options import Agreed, AsJson
from ayla.cli.output import OutputForm, fitted_table, write, write_items, write_json
from ayla.cli.session import Session, confirm, session_of
from ayla.cli.specfile import STDIN, parse_value

_SECTION = "profiles"
_SHOWN_OF_KEY = 12

Setting = Annotated[
    str,
    typer.Argument(
        metavar="SETTING",
        help=f"{', '.join(Profile.model_fields)}.",
        autocompletion=completion.profile_settings,
    ),
]
Origin = Annotated[bool, typer.Option("--origin", help="Tell where each comes from.")]


def overview(context: typer.Context, *, origin: Origin = False, as_json: AsJson = False) -> None:
    """Show which service and API key are used, as 'ayla config show' does."""
    if context.invoked_subcommand is None:
        show(context, origin=origin, as_json=as_json)


def show(context: typer.Context, *, origin: Origin = False, as_json: AsJson = False) -> None:
    """Show which service and API key are used, and with --origin where they come from; of a key the beginning only."""
    session = session_of(context)
    found = find_connection(base_url=session.base_url, api_key=session.api_key, profile=session.profile)
    values = _values(found)
    if as_json:
        origins = {name: _origin(found, name) for name in values}
        write_json({"path": str(config_path()), "settings": values, **({"origins": origins} if origin else {})})
        return
    rows = [
        [name, "-" if value is None else str(value), *([_origin(found, name)] if origin else [])]
        for name, value in values.items()
    ]
    write("\n".join(fitted_table(rows, left=3)))


def put(
    context: typer.Context,
    setting: Setting,
    value: Annotated[
        str | None,
        typer.Argument(metavar="VALUE", help="- reads it from standard input; without it you are asked for it."),
    ] = None,
) -> None:
    """Set base_url, api_key, timeout or max_retries of a profile: of --profile NAME, else of 'default'.

    The profile is made where there is none. The file is readable by you alone.
    """
    session = session_of(context)
    _require_setting(setting)
    text = _asked(setting) if value is None else sys.stdin.readline().strip() if value == STDIN else value
    checked = _checked(setting, text)
    name = _profile_name(session)
    with changing(config_path()) as document:
        table(document, _SECTION, name)[setting] = checked
    session.say(f"Set {setting} of the profile '{name}' in {config_path()}.")
    if name != DEFAULT_PROFILE and name != os.environ.get("AYLA_PROFILE"):
        session.say(f"Use it with: ayla --profile {name}, or AYLA_PROFILE={name}")


def unset(context: typer.Context, setting: Setting) -> None:
    """Take a setting out of a profile: of --profile NAME, else of 'default'."""
    session = session_of(context)
    _require_setting(setting)
    name = _profile_name(session)
    _require_profile(name)
    with changing(config_path()) as document:
        table(document, _SECTION, name).pop(setting, None)
    session.say(f"The profile '{name}' has no {setting} now.")


def profiles(
    context: typer.Context,
    *,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Write the names only.")] = False,
) -> None:
    """List the profiles; the one in use has a star."""
    session = session_of(context)
    used = _profile_name(session)
    found = [{"profile": name, **_shown(each)} for name, each in read_profiles().items()]
    columns = {
        "profile": lambda each: f"{each['profile']}{' *' if each['profile'] == used else ''}",
        **{name: _cell_of(name) for name in Profile.model_fields},
    }
    write_items(
        found,
        OutputForm.of(json=as_json, quiet=quiet),
        columns,
        id_of=lambda each: str(each["profile"]),
        say_empty=lambda: session.say("No profiles. Make one: ayla config set base_url URL"),
    )


def delete(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PROFILE", help="Its name.", autocompletion=completion.profiles)],
    *,
    yes: Agreed = False,
) -> None:
    """Delete a profile, with its API key."""
    _require_profile(name)
    confirm(f"Delete the profile {name}?", agreed=yes)
    with changing(config_path()) as document:
        table(document, _SECTION).pop(name, None)
    session_of(context).say(f"Deleted: {name}")


def path() -> None:
    """Write the path of the file with the profiles, whether or not there is one."""
    write(str(config_path()))


def _values(found: Connection) -> dict[str, Any]:
    return {
        "base_url": without_credentials(found.base_url),
        "api_key": _masked(found.api_key),
        "timeout": found.timeout,
        "max_retries": found.max_retries,
    }


def _shown(profile: Profile) -> dict[str, Any]:
    """What a profile has, without the secret."""
    return profile.model_dump() | {"api_key": _masked(profile.api_key)}


def _cell_of(name: str) -> Any:
    return lambda each: each[name]


def _masked(key: str | None) -> str | None:
    """Enough of a key to know it by, where that is not too much of it."""
    if not key:
        return None
    return f"{key[:_SHOWN_OF_KEY]}…" if len(key) >= 2 * _SHOWN_OF_KEY else "…"


def _origin(found: Connection, name: str) -> str:
    """Where a setting comes from, as people write it."""
    options = {"base_url": "--base-url", "api_key": "--api-key"}
    variables = {"base_url": "AYLA_BASE_URL", "api_key": "AYLA_API_KEY"}
    origin = found.origins[name]
    names = {"argument": options.get(name, origin), "environment": variables.get(name, origin)}
    return names.get(origin, origin)


def _profile_name(session: Session) -> str:
    return session.profile or os.environ.get("AYLA_PROFILE") or DEFAULT_PROFILE


def _require_setting(setting: str) -> None:
    if setting not in Profile.model_fields:
        known = ", ".join(Profile.model_fields)
        raise typer.BadParameter(f"'{setting}' is none; a profile has {known}.", param_hint="SETTING")


def _require_profile(name: str) -> None:
    known = read_profiles()
    if name not in known:
        raise UnknownName("profile", name, known)


def _asked(setting: str) -> str:
    """The value, from a person; a key is not shown while it is typed."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise typer.BadParameter("give a value, or - to read it from standard input.", param_hint="VALUE")
    return getpass.getpass("API key: ") if setting == "api_key" else input(f"{setting}: ")


def _checked(setting: str, text: str) -> Any:
    """The value in its type.

    Raises:
        typer.BadParameter: a profile cannot have it.
        AylaError: it is not an address.
    """
    value: Any = text if setting in {"base_url", "api_key"} else parse_value(text, setting)
    try:
        found = getattr(Profile.model_validate({setting: value}), setting)
    except ValidationError as error:
        raise typer.BadParameter(error.errors(include_input=False)[0]["msg"], param_hint="VALUE") from None
    if setting == "base_url":
        parse_base_url(text)
    return found


app = group(
    "config",
    "See and change which service and API key are used.",
    (show, ("set", put), unset, profiles, delete, path),
    default=overview,
)
