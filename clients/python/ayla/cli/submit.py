"""Commands that make jobs, or tell what a job would be: submit, validate, clone."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ayla._json import without_none
from ayla._sync.client import Client
from ayla.cli import drafts
from ayla.cli.ids import job_id
from ayla.cli.job_output import write_job
from ayla.cli.options import (
    AsJson,
    AsJsonLines,
    IdempotencyKey,
    JobId,
    JobName,
    Priority,
    Project,
    Quiet,
    Settings,
    Tags,
    WaitSeconds,
)
from ayla.cli.output import OutputForm, write_json
from ayla.cli.overrides import changes
from ayla.cli.session import Session, session_of
from ayla.cli.validation import write_validation
from ayla.cli.watch import WatchOptions, watch_job
from ayla.models import Job

Watching = Annotated[bool, typer.Option("--watch", help="Watch the job until it has finished.")]


def submit(
    context: typer.Context,
    file: drafts.SpecFile = None,
    file_option: drafts.SpecFileOption = None,
    preset: drafts.Preset = None,
    settings: Settings = None,
    name: JobName = None,
    tag: Tags = None,
    project: Project = None,
    priority: Priority = None,
    max_seconds: drafts.MaxSeconds = None,
    max_memory_mb: drafts.MaxMemory = None,
    idempotency_key: IdempotencyKey = None,
    *,
    watch: Watching = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what the job would be, as 'ayla validate' does.")
    ] = False,
    timeout: WaitSeconds = None,
    as_json: AsJson = False,
    as_lines: AsJsonLines = False,
    quiet: Quiet = False,
) -> None:
    """Put a job into the queue, from a file, standard input or the catalogue.

    Examples: 'ayla submit job.yaml --watch', 'ayla submit --preset poly-sgd --set budget.steps=100'.
    """
    form = OutputForm.of(json=as_json, jsonl=as_lines, quiet=quiet)
    source = drafts.source_of(file, file_option, preset)
    session = session_of(context)
    limits = {"seconds": max_seconds, "memory_mb": max_memory_mb}
    fields: dict[str, Any] = {"name": name, "tags": tag or None, "project": project, "priority": priority}
    with session.client() as client:
        spec = drafts.with_fields(drafts.drafted(client, source, preset, settings), limits, **fields)
        if dry_run:
            write_validation(client.jobs.validate(spec), form)
            return
        job = client.jobs.submit(spec, idempotency_key=idempotency_key)
        _write_or_watch(session, client, job, form, watch=watch, timeout=timeout)


def submit_all(
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Job specs in YAML or JSON, one a file.")],
    settings: Settings = None,
    project: Project = None,
    idempotency_key: IdempotencyKey = None,
    *,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Put several jobs into the queue at once: all of them, or none where one is wrong."""
    form = OutputForm.of(json=as_json, quiet=quiet)
    session = session_of(context)
    with session.client() as client:
        specs = [
            drafts.with_fields(drafts.drafted(client, file, None, settings), {}, project=project) for file in files
        ]
        jobs = client.jobs.submit_many(specs, idempotency_key=idempotency_key)
    if as_json:
        write_json(jobs)
    for job in [] if as_json else jobs:
        write_job(session, job, form, advice=None)
    if form.for_people:
        session.say("Follow them with: ayla events")


def validate(
    context: typer.Context,
    file: drafts.SpecFile = None,
    file_option: drafts.SpecFileOption = None,
    preset: drafts.Preset = None,
    settings: Settings = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Tell what a job would be, without submitting it: its settings and trials, what it costs, or what is wrong."""
    source = drafts.source_of(file, file_option, preset)
    session = session_of(context)
    with session.client() as client:
        found = client.jobs.validate(drafts.drafted(client, source, preset, settings))
    write_validation(found, OutputForm.of(json=as_json))
    if not as_json:
        session.say("The spec is valid; nothing was submitted. Submit it with: ayla submit")


def clone(
    context: typer.Context,
    job: JobId,
    settings: Settings = None,
    name: JobName = None,
    tag: Tags = None,
    project: Project = None,
    priority: Priority = None,
    idempotency_key: IdempotencyKey = None,
    *,
    watch: Watching = False,
    timeout: WaitSeconds = None,
    as_json: AsJson = False,
    as_lines: AsJsonLines = False,
    quiet: Quiet = False,
) -> None:
    """Submit a job again as a new one, with changes: 'ayla clone JOB --set budget.steps=2000'."""
    form = OutputForm.of(json=as_json, jsonl=as_lines, quiet=quiet)
    session = session_of(context)
    fields: dict[str, Any] = {"name": name, "tags": tag or None, "project": project, "priority": priority}
    with session.client() as client:
        whole = job_id(client, job)
        patch = changes(settings or [], lambda: drafts.whole_spec(client.jobs.get(whole))) | without_none(**fields)
        made = client.jobs.clone(whole, patch, idempotency_key=idempotency_key)
        _write_or_watch(session, client, made, form, watch=watch, timeout=timeout)


def _write_or_watch(
    session: Session, client: Client, job: Job, form: OutputForm, *, watch: bool, timeout: float | None
) -> None:
    if watch or form.as_lines:
        watch_job(session, client, job, WatchOptions(timeout, form.as_json, form.as_lines, form.quiet))
    else:
        write_job(session, job, form, advice=f"Follow it with: ayla watch {job.id}")
