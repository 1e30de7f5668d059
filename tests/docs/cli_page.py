"""Writes docs/cli.md from the help texts of the ``ayla`` command: ``make cli-reference``.

A test compares the committed page with this one.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

from ayla.cli.app import app
from ayla.cli.errors import ExitCode
from typer.main import get_command

_EXIT_CODES = {
    0: "done",
    ExitCode.ERROR: "error",
    ExitCode.USAGE: "wrong usage, an unreadable job file, or a request that cannot be sent",
    ExitCode.NOT_FOUND: "not found",
    ExitCode.AUTHENTICATION: "API key missing, refused, or not allowed to do this",
    ExitCode.UNREACHABLE: "service unreachable",
    ExitCode.JOB_FAILED: "job failed",
    ExitCode.JOB_CANCELLED: "job cancelled",
    ExitCode.WAIT_TIMEOUT: "watching ran out of time; the job goes on",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C; the job goes on",
}

INTRODUCTION = """# The command line

`ayla` submits, follows and compares jobs from a terminal and in scripts. Install it with
`pip install './clients/python[cli]'`; [its README](../clients/python/README.md#the-command) has examples. This page is
made from the help texts (`make cli-reference`); `--help` after any command shows the same.

- **Ids.** A job is named by its id or the first four characters or more of it; a trial by its id or a short one, such
  as `1a2b3c4d-0`; datasets, keys, members and webhooks by name (a webhook by its URL), by id or the beginning of it.
- **Output.** Data goes to standard output, messages and progress to standard error. `--json` writes one document,
  `--jsonl` a document a line, `-q` ids only. Tables are fitted to a terminal, and whole anywhere else. `NO_COLOR` is
  respected; progress bars are drawn on a terminal only, else there is a line every ten seconds.
- **Where and who.** `--base-url` and `--api-key` come from the command line, else from `AYLA_BASE_URL` and
  `AYLA_API_KEY`, else from a profile (`--profile`, `AYLA_PROFILE`), else there
  is a default. `ayla config show --origin` says which it was.
- **Completion.** `ayla --install-completion` has the Tab key complete commands, options, and the ids and names that
  the service knows at that moment.
"""


def page() -> str:
    """The whole page."""
    root = root_command()
    parts = [INTRODUCTION, *_exit_codes(), "## ayla\n", *_options(root)]
    for panel, commands in _panels(root).items():
        parts.append(f"## {panel}\n")
        for command in commands:
            parts += _command(command, f"ayla {command.name}", level=3)
    return "\n".join(parts).rstrip("\n") + "\n"


def root_command() -> Any:
    """The ``ayla`` command."""
    return get_command(app)


def inner_commands(command: Any) -> list[Any]:
    """The commands of a group, in their order; none of a command that is no group."""
    names = command.list_commands(None) if hasattr(command, "commands") else []
    return [command.get_command(None, name) for name in names]


def _panels(root: Any) -> dict[str, list[Any]]:
    """The commands by the panel of the help in which they stand."""
    panels: dict[str, list[Any]] = {}
    for command in inner_commands(root):
        panels.setdefault(command.rich_help_panel, []).append(command)
    return panels


def _exit_codes() -> Iterator[str]:
    yield "| exit code | meaning |\n|---|---|"
    yield from (f"| {int(code)} | {meaning} |" for code, meaning in _EXIT_CODES.items())
    yield ""


def _command(command: Any, called: str, level: int) -> Iterator[str]:
    """A command with its arguments and options, or a group with its commands."""
    yield f"{'#' * level} {called}\n"
    yield f"{_text(command.help)}\n"
    if not hasattr(command, "commands"):
        yield f"    {_usage(command, called)}\n"
        yield from _options(command)
        return
    yield from _options(command)
    yield f"{_commands_of(command)}\n"
    for inner in inner_commands(command):
        if _short_form(inner) is None:
            yield from _command(inner, f"{called} {inner.name}", level + 1)


def _commands_of(group: Any) -> str:
    """The commands of a group; what has a short form is described there, once."""
    names = []
    for inner in inner_commands(group):
        short = _short_form(inner)
        names.append(f"`{inner.name}`" if short is None else f"[`{inner.name}`](#ayla-{short})")
    return f"Commands: {', '.join(names)}."


def _short_form(command: Any) -> str | None:
    """The name of the same command without a noun."""
    functions = {getattr(function, "__wrapped__", function): name for name, function in _SHORT_FORMS.items()}
    function = command.callback
    return functions.get(getattr(function, "__wrapped__", function))


_SHORT_FORMS = {each.name: each.callback for each in root_command().commands.values() if not hasattr(each, "commands")}


def _usage(command: Any, called: str) -> str:
    arguments = [_argument(each) for each in _arguments(command)]
    return " ".join([called, *arguments, "[OPTIONS]" if len(command.params) > len(arguments) else ""]).rstrip()


def _argument(argument: Any) -> str:
    """How it stands in the usage: in brackets where it can be left out, with dots where there can be several."""
    name = f"{argument.metavar or argument.name.upper()}{'...' if argument.nargs != 1 else ''}"
    return name if argument.required else f"[{name}]"


def _arguments(command: Any) -> list[Any]:
    return [each for each in command.params if each.param_type_name == "argument"]


def _options(command: Any) -> Iterator[str]:
    rows = [
        f"| {_name(each)} | {_text(each.help)} |"
        for each in (*_arguments(command), *(one for one in command.params if one.param_type_name == "option"))
        if each.name not in {"help", "install_completion", "show_completion"}
    ]
    if rows:
        yield "| argument or option | meaning |\n|---|---|"
        yield from rows
        yield ""


def _name(parameter: Any) -> str:
    """How it is written on the command line."""
    if parameter.param_type_name == "argument":
        return f"`{_argument(parameter)}`"
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    return names if parameter.is_flag else f"{names} {_value(parameter)}"


def _value(option: Any) -> str:
    """The name of the value, or what it can be."""
    return f"`{option.metavar or option.display_type(None).strip('<>')}`".replace("|", r"` or `")


def _text(help_text: str | None) -> str:
    """A help text as Markdown: what stands in quotes there is code here."""
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(help_text or ""))
    return re.sub(r"'(ayla[^']*|learning_rate>0.01)'", r"`\1`", text).replace("|", r"\|")


if __name__ == "__main__":
    sys.stdout.write(page())
