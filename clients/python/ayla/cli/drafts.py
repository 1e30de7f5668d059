"""Job specs as a command line gives them: from a file, standard input or the catalogue, with fields changed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from ayla._json import JSONObject, without_none
from ayla._sync.client import Client
from ayla.builders import preset as preset_problem
from ayla.cli import completion
from ayla.cli.overrides import changed, changes, merged
from ayla.cli.specfile import STDIN, read_spec
from ayla.models import Job

SpecFile = Annotated[str | None, typer.Argument(metavar="FILE", help="Job spec in YAML or JSON; - is standard input.")]
SpecFileOption = Annotated[str | None, typer.Option("--file", "-f", metavar="FILE", help="The same as an option.")]
Preset = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Take this experiment of the catalogue instead; 'ayla catalogue ls presets' lists them.",
        autocompletion=completion.presets,
    ),
]
MaxSeconds = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="Computing time of a trial; a job that exceeds it fails."),
]
MaxMemory = Annotated[
    int | None,
    typer.Option("--max-memory-mb", metavar="MIB", help="Memory that a worker may use; a job that exceeds it fails."),
]


def source_of(file: str | None, option: str | None, preset: str | None) -> str | None:
    """The file that the spec is in; None for a preset.

    Raises:
        typer.BadParameter: several sources are named, or none.
    """
    if sum(each is not None for each in (file, option, preset)) > 1:
        raise typer.BadParameter("give a file or a preset, not both.", param_hint="--preset" if preset else "--file")
    source = file if option is None else option
    if preset is not None:
        return None
    if source in {None, STDIN} and sys.stdin is None:
        raise typer.BadParameter("standard input is closed.", param_hint="--file")
    if source is None and sys.stdin.isatty():
        raise typer.BadParameter(
            "give a job spec: a file, standard input, or --preset NAME such as poly-sgd.", param_hint="FILE"
        )
    return source or STDIN


def drafted(client: Client, source: str | None, preset: str | None, settings: Sequence[str] | None) -> JSONObject:
    """The spec in the file ``source``, or of a preset, with fields changed.

    Raises:
        InvalidRequest: the file is no job spec.
        typer.BadParameter: a setting leads to no place of the spec.
    """
    if preset is None:
        return changed(read_spec(source or STDIN), settings or [])
    patch = changes(settings or [], lambda: _preset_spec(client, preset))
    return merged({"problem": preset_problem(preset)}, patch)


def with_fields(spec: Mapping[str, Any], limits: Mapping[str, Any], **fields: object) -> JSONObject:
    """The spec with its limits and fields changed, where they are given.

    Limits that are no mapping are left for the service to refuse.
    """
    found = dict(spec) | without_none(**fields)
    before, given = found.get("limits") or {}, without_none(**limits)
    return found | {"limits": {**before, **given}} if given and isinstance(before, Mapping) else found


def whole_spec(job: Job) -> Mapping[str, Any]:
    """The spec of a job as it was submitted, with what it left to a preset or to the service."""
    return {**_without_labels(job.resolved or {}), **(job.spec or {})}


def _preset_spec(client: Client, name: str) -> Mapping[str, Any]:
    """What a preset stands for; nothing for one that there is not, which the service refuses by its name."""
    specs = (entry.get("spec") for entry in client.catalogue().presets if entry.get("name") == name)
    return _without_labels(next((spec for spec in specs if isinstance(spec, Mapping)), {}))


def _without_labels(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """A resolved spec without labels, which say what the settings were before a change; the service makes new ones."""
    unlabelled = [{key: value for key, value in each.items() if key != "label"} for each in spec.get("optimizers", [])]
    return {**spec, "optimizers": unlabelled}
