# Generated from ayla/_async/raw.py by `make client`; changes belong there.
"""Every call with its raw response beside it. Generated from the resources by `make client`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ayla._sync.raw_calls import raw, raw_pages

if TYPE_CHECKING:
    from ayla._sync.client import Client


class RawJobs:
    """Calls of ``client.jobs``."""

    def __init__(self, client: Client) -> None:
        self.attempts = raw(client.jobs.attempts)
        self.best = raw(client.jobs.best)
        self.cancel = raw(client.jobs.cancel)
        self.change = raw(client.jobs.change)
        self.clone = raw(client.jobs.clone)
        self.comparison = raw(client.jobs.comparison)
        self.curves = raw(client.jobs.curves)
        self.delete = raw(client.jobs.delete)
        self.figure = raw(client.jobs.figure)
        self.figures = raw(client.jobs.figures)
        self.get = raw(client.jobs.get)
        self.list = raw_pages(client.jobs.list)
        self.metrics = raw(client.jobs.metrics)
        self.move = raw(client.jobs.move)
        self.pause = raw(client.jobs.pause)
        self.previews = raw(client.jobs.previews)
        self.prioritise = raw(client.jobs.prioritise)
        self.queue_position = raw(client.jobs.queue_position)
        self.resume = raw(client.jobs.resume)
        self.retry = raw(client.jobs.retry)
        self.settings = raw_pages(client.jobs.settings)
        self.submit = raw(client.jobs.submit)
        self.submit_many = raw(client.jobs.submit_many)
        self.summary = raw(client.jobs.summary)
        self.table = raw(client.jobs.table)
        self.trajectories = raw(client.jobs.trajectories)
        self.trials = raw(client.jobs.trials)
        self.validate = raw(client.jobs.validate)


class RawTrials:
    """Calls of ``client.trials``."""

    def __init__(self, client: Client) -> None:
        self.get = raw(client.trials.get)
        self.metrics = raw(client.trials.metrics)
        self.metrics_csv = raw(client.trials.metrics_csv)
        self.predictions = raw(client.trials.predictions)
        self.recompute = raw(client.trials.recompute)
        self.trajectory = raw(client.trials.trajectory)
        self.trajectory_csv = raw(client.trials.trajectory_csv)


class RawComparisons:
    """Calls of ``client.comparisons``."""

    def __init__(self, client: Client) -> None:
        self.compare = raw(client.comparisons.compare)


class RawSweeps:
    """Calls of ``client.sweeps``."""

    def __init__(self, client: Client) -> None:
        self.best = raw(client.sweeps.best)
        self.settings = raw_pages(client.sweeps.settings)


class RawFigures:
    """Calls of ``client.figures``."""

    def __init__(self, client: Client) -> None:
        self.figure = raw(client.figures.figure)


class RawDatasets:
    """Calls of ``client.datasets``."""

    def __init__(self, client: Client) -> None:
        self.delete = raw(client.datasets.delete)
        self.get = raw(client.datasets.get)
        self.list = raw_pages(client.datasets.list)
        self.preview = raw(client.datasets.preview)
        self.upload = raw(client.datasets.upload)


class RawTeamQueue:
    """Calls of ``client.queue``."""

    def __init__(self, client: Client) -> None:
        self.drain = raw(client.queue.drain)
        self.get = raw(client.queue.get)
        self.pause = raw(client.queue.pause)
        self.resume = raw(client.queue.resume)


class RawWorkers:
    """Calls of ``client.workers``."""

    def __init__(self, client: Client) -> None:
        self.list = raw(client.workers.list)


class RawWebhooks:
    """Calls of ``client.webhooks``."""

    def __init__(self, client: Client) -> None:
        self.change = raw(client.webhooks.change)
        self.create = raw(client.webhooks.create)
        self.delete = raw(client.webhooks.delete)
        self.deliveries = raw_pages(client.webhooks.deliveries)
        self.get = raw(client.webhooks.get)
        self.list = raw_pages(client.webhooks.list)
        self.retry_delivery = raw(client.webhooks.retry_delivery)
        self.rotate_secret = raw(client.webhooks.rotate_secret)
        self.test = raw(client.webhooks.test)


class RawTeamResource:
    """Calls of ``client.team``."""

    def __init__(self, client: Client) -> None:
        self.get = raw(client.team.get)
        self.usage = raw(client.team.usage)


class RawMembers:
    """Calls of ``client.members``."""

    def __init__(self, client: Client) -> None:
        self.add = raw(client.members.add)
        self.change = raw(client.members.change)
        self.get = raw(client.members.get)
        self.list = raw_pages(client.members.list)
        self.remove = raw(client.members.remove)


class RawKeys:
    """Calls of ``client.keys``."""

    def __init__(self, client: Client) -> None:
        self.create = raw(client.keys.create)
        self.get = raw(client.keys.get)
        self.list = raw_pages(client.keys.list)
        self.revoke = raw(client.keys.revoke)
        self.rotate = raw(client.keys.rotate)


class RawCaller:
    """Calls of ``client.me``."""

    def __init__(self, client: Client) -> None:
        self.get = raw(client.me.get)


class RawCatalogueResource:
    """Calls of ``client.catalogue``."""

    def __init__(self, client: Client) -> None:
        self.get = raw(client.catalogue.get)


class RawHealthChecks:
    """Calls of ``client.health``."""

    def __init__(self, client: Client) -> None:
        self.live = raw(client.health.live)
        self.ready = raw(client.health.ready)


class RawClient:
    """A client whose calls give the raw response, with what was read from it."""

    def __init__(self, client: Client) -> None:
        self.jobs = RawJobs(client)
        self.trials = RawTrials(client)
        self.comparisons = RawComparisons(client)
        self.sweeps = RawSweeps(client)
        self.figures = RawFigures(client)
        self.datasets = RawDatasets(client)
        self.queue = RawTeamQueue(client)
        self.workers = RawWorkers(client)
        self.webhooks = RawWebhooks(client)
        self.team = RawTeamResource(client)
        self.members = RawMembers(client)
        self.keys = RawKeys(client)
        self.me = RawCaller(client)
        self.catalogue = RawCatalogueResource(client)
        self.health = RawHealthChecks(client)
        self.compare = raw(client.compare)
        self.figure = raw(client.figure)
