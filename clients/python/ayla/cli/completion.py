"""What the shell offers for a half-written word: ids and names, as the service has them at that moment.

Nobody waits long for a completion, and an error would be written into the line that is being typed. So the service has
a second to answer, is asked once, and whatever goes wrong means that there is nothing to offer.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

import typer

from ayla._profiles import Profile, read_profiles
from ayla._sync.client import Client
from ayla.cli.ids import SHORT_LENGTH, TRIAL_ID, job_id
from ayla.cli.session import Session
from ayla.errors import AylaError
from ayla.metrics import TRIAL_METRICS
from ayla.models import FINISHED_JOB_STATES, UNFINISHED_JOB_STATES

Offer = tuple[str, str]
"""A completion, and what shells that can show it tell about it."""

_PATIENCE_SECONDS = 1.0
_MOST_OFFERS = 50
_LOOKED_AT = 200

CATALOGUE_SECTIONS = (
    "presets",
    "optimizers",
    "functions",
    "datasets",
    "models",
    "schedules",
    "initializations",
    "losses",
)
PRIORITIES = ("low", "normal", "high", "urgent")
_STATES = (*UNFINISHED_JOB_STATES, *sorted(FINISHED_JOB_STATES), "paused")
_TRIAL_STATES = ("queued", "running", "completed", "diverged", "failed", "cancelled")
_SCOPES = ("read", "submit", "admin")
_WEBHOOK_EVENTS = ("job.succeeded", "job.failed", "job.cancelled")
_OTHER_METRICS = ("area_under_curve", "gap", "steps_to_target", "epochs_to_target")


def jobs(context: typer.Context, incomplete: str) -> list[Offer]:
    """Ids of the newest jobs, short ones unless more than that is typed already."""

    def offers(client: Client) -> Iterator[Offer]:
        for job in client.jobs.list(limit=_LOOKED_AT):
            identifier = job.id if len(incomplete) > SHORT_LENGTH else job.id[:SHORT_LENGTH]
            yield identifier, f"{job.title}: {job.standing}"

    return _asked(context, incomplete, offers)


def trials(context: typer.Context, incomplete: str) -> list[Offer]:
    """Trials of the job whose short id is typed already; before that ids of jobs."""
    typed = TRIAL_ID.fullmatch(f"{incomplete}0")
    if typed is None:
        return [(f"{job}-", told) for job, told in jobs(context, incomplete)]

    def offers(client: Client) -> Iterator[Offer]:
        job = next(client.jobs.ids_beginning(typed["job"]))
        for trial in client.jobs.trials(job, limit=_MOST_OFFERS):
            yield f"{typed['job']}-{trial.index}", f"{trial.label}, seed {trial.seed}: {trial.state}"

    return _asked(context, incomplete, offers)


def projects(context: typer.Context, incomplete: str) -> list[Offer]:
    """Projects of the newest jobs."""
    return _asked(
        context, incomplete, lambda client: ((job.project or "", "") for job in client.jobs.list(limit=_LOOKED_AT))
    )


def tags(context: typer.Context, incomplete: str) -> list[Offer]:
    """Tags of the newest jobs."""
    return _asked(
        context,
        incomplete,
        lambda client: ((tag, "") for job in client.jobs.list(limit=_LOOKED_AT) for tag in job.tags),
    )


def owners(context: typer.Context, incomplete: str) -> list[Offer]:
    """Members who submitted the newest jobs."""
    return _asked(context, incomplete, lambda client: ((job.owner, "") for job in client.jobs.list(limit=_LOOKED_AT)))


def presets(context: typer.Context, incomplete: str) -> list[Offer]:
    """Experiments of the catalogue."""
    return _asked(context, incomplete, lambda client: _entries(client.catalogue().presets))


def optimizers(context: typer.Context, incomplete: str) -> list[Offer]:
    """Optimizers of the catalogue."""
    return _asked(context, incomplete, lambda client: _entries(client.catalogue().optimizers))


def catalogue_sections(incomplete: str) -> list[Offer]:
    """Sections of the catalogue."""
    return _beginning(incomplete, ((section, "") for section in CATALOGUE_SECTIONS))


def catalogue_names(context: typer.Context, incomplete: str) -> list[Offer]:
    """Everything that the catalogue has a name for."""

    def offers(client: Client) -> Iterator[Offer]:
        found = client.catalogue()
        for section in CATALOGUE_SECTIONS:
            yield from _entries(getattr(found, section))

    return _asked(context, incomplete, offers)


def figure_kinds(context: typer.Context, incomplete: str) -> list[Offer]:
    """Kinds of figures that the job on the line has."""

    def offers(client: Client) -> Iterator[Offer]:
        found = client.jobs.figures(job_id(client, str(context.params.get("job"))))
        yield from ((str(each.kind), each.title) for each in found.figures)

    return _asked(context, incomplete, offers)


def datasets(context: typer.Context, incomplete: str) -> list[Offer]:
    """Names of the team's datasets."""
    return _asked(
        context, incomplete, lambda client: ((each.name, f"{each.rows} rows") for each in client.datasets.list())
    )


def members(context: typer.Context, incomplete: str) -> list[Offer]:
    """Names of the team's members."""
    return _asked(context, incomplete, lambda client: ((each.name, str(each.role)) for each in client.members.list()))


def keys(context: typer.Context, incomplete: str) -> list[Offer]:
    """Names of API keys."""
    return _asked(
        context,
        incomplete,
        lambda client: ((each.name, f"{each.member}: {each.state}") for each in client.keys.list()),
    )


def webhooks(context: typer.Context, incomplete: str) -> list[Offer]:
    """Short ids of the team's webhooks."""
    return _asked(
        context, incomplete, lambda client: ((each.id[:SHORT_LENGTH], each.url) for each in client.webhooks.list())
    )


def workers(context: typer.Context, incomplete: str) -> list[Offer]:
    """Names of workers."""
    return _asked(context, incomplete, lambda client: ((each.name, each.state) for each in client.workers.list()))


def profiles(incomplete: str) -> list[Offer]:
    """Names of profiles."""
    try:
        return _beginning(incomplete, ((name, each.base_url or "") for name, each in read_profiles().items()))
    except AylaError:
        return []


def profile_settings(incomplete: str) -> list[Offer]:
    """What a profile can have."""
    return _beginning(incomplete, ((name, "") for name in Profile.model_fields))


def states(incomplete: str) -> list[Offer]:
    """States of jobs."""
    return _beginning(incomplete, ((state, "") for state in _STATES))


def trial_states(incomplete: str) -> list[Offer]:
    """States of trials."""
    return _beginning(incomplete, ((state, "") for state in _TRIAL_STATES))


def scopes(incomplete: str) -> list[Offer]:
    """What API keys may do."""
    return _beginning(incomplete, ((scope, "") for scope in _SCOPES))


def webhook_events(incomplete: str) -> list[Offer]:
    """What webhooks tell."""
    return _beginning(incomplete, ((event, "") for event in _WEBHOOK_EVENTS))


def priorities(incomplete: str) -> list[Offer]:
    """Priorities, in their order."""
    return _beginning(incomplete, ((priority, "") for priority in PRIORITIES))


def metrics(incomplete: str) -> list[Offer]:
    """Metrics that optimizers are judged by."""
    return _beginning(incomplete, ((metric, "") for metric in (*TRIAL_METRICS, *_OTHER_METRICS)))


def _entries(entries: Iterable[dict[str, object]]) -> Iterator[Offer]:
    for entry in entries:
        yield str(entry.get("name")), str(entry.get("title") or entry.get("description") or "")


def _asked(context: typer.Context, incomplete: str, offers: Callable[[Client], Iterable[Offer]]) -> list[Offer]:
    """What the service has that begins with the half-written word; nothing where it does not say in time."""
    try:
        with _session(context).client() as client:
            quick = client.with_options(timeout=_PATIENCE_SECONDS, max_retries=0)
            return _beginning(incomplete, offers(quick))
    except Exception:  # whatever it is, it must not be written into the line that is typed
        return []


def _session(context: typer.Context) -> Session:
    """The session that the line so far asks for; while a line is completed no command runs, which would make it."""
    root = context.find_root()
    session = root.obj if isinstance(root.obj, Session) else Session()
    session.base_url = root.params.get("base_url") or session.base_url
    session.api_key = root.params.get("api_key") or session.api_key
    session.profile = root.params.get("profile") or session.profile
    return session


def _beginning(incomplete: str, offers: Iterable[Offer]) -> list[Offer]:
    """Those that begin so, each once."""
    fitting = ((word, told) for word, told in offers if word and word.startswith(incomplete))
    first: dict[str, str] = {}
    for word, told in fitting:
        first.setdefault(word, told)
    return [*itertools.islice(first.items(), _MOST_OFFERS)]
