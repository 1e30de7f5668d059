"""A call of the client for each operation of the service, the same for ``Client`` and ``AsyncClient``."""

import inspect
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import ayla
from ayla._async.events import AsyncEvents
from ayla._sync.events import Events

SADDLE = ayla.functions.saddle_polynomial()
NOWHERE = "http://127.0.0.1:9/hook"

Call = Callable[[Any, "Things"], Any]


class Things:
    """What operations are done on, made by a client of their own; the queue is paused, so that what is queued stays.

    Attributes:
        job: has ended, with trajectories.
        sweep: has ended; its numbers are axes.
        folder: for files.
    """

    def __init__(self, client: ayla.Client, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self._numbers = itertools.count()
        rates = ayla.adam(ayla.log(1e-3, 0.1, 2), ayla=ayla.transform(n1=ayla.values(1, 2)), arm="AYLA")
        pair = client.jobs.submit_many(
            [
                ayla.spec(problem=SADDLE, optimizers=[ayla.adam(lr=0.01), ayla.sgd(0.01)], budget=50, seeds=2),
                ayla.spec(problem=SADDLE, optimizers=rates, budget=50),
            ]
        )
        self.job, self.sweep = (job.wait() for job in pair)
        client.queue.pause()

    @property
    def trial(self) -> ayla.Trial:
        return self.job.trials(limit=1)[0]

    def name(self) -> str:
        return f"thing-{next(self._numbers)}"

    def queued(self) -> ayla.Job:
        return self.client.jobs.submit(problem=SADDLE, optimizers=ayla.sgd(0.1), budget=10)

    def ended(self) -> ayla.Job:
        return self.queued().cancel()

    def dataset(self) -> ayla.DatasetDetail:
        return self.client.datasets.upload({"x": [1, 2], "y": [2, 4.5]}, name=self.name())

    def webhook(self) -> ayla.Webhook:
        made = self.client.webhooks.create(NOWHERE)
        for old in self.client.webhooks.list():
            if old.id != made.id:
                self.client.webhooks.delete(old)
        return self.client.webhooks.get(made.id)

    def member(self) -> ayla.Member:
        return self.client.members.add(self.name())

    def key(self) -> ayla.KeyWithSecret:
        return self.client.keys.create(self.name())


CALLS: Mapping[str, Call] = {
    "add_member": lambda c, t: c.members.add(t.name(), role="viewer"),
    "cancel_job": lambda c, t: c.jobs.cancel(t.queued()),
    "change_job": lambda c, t: c.jobs.change(t.queued(), name="renamed", tags=["a"], notes=None),
    "change_member": lambda c, t: c.members.change(t.member(), weight=2.0, limits={"workers": 1}),
    "change_webhook": lambda c, t: c.webhooks.change(t.webhook(), enabled=False, description=None),
    "clone_job": lambda c, t: c.jobs.clone(t.job.id, name="again", seeds=1),
    "compare_job": lambda c, t: c.compare(t.job.id),
    "compare_jobs": lambda c, t: c.comparisons.compare([t.job.id, t.sweep.id]),
    "create_key": lambda c, t: c.keys.create(t.name(), scopes=["read"]),
    "create_webhook": lambda c, t: c.webhooks.create(NOWHERE, events=["job.failed"]),
    "delete_dataset": lambda c, t: c.datasets.delete(t.dataset()),
    "delete_job": lambda c, t: c.jobs.delete(t.ended()),
    "delete_webhook": lambda c, t: c.webhooks.delete(t.webhook()),
    "download_dataset": lambda c, t: c.datasets.download(t.dataset(), t.folder / "table.parquet"),
    "drain_queue": lambda c, t: c.queue.drain(),
    "get_best": lambda c, t: c.jobs.best(t.sweep.id),
    "get_best_of_jobs": lambda c, t: c.sweeps.best([t.sweep.id]),
    "get_catalogue": lambda c, t: c.catalogue.get(),
    "get_dataset": lambda c, t: c.datasets.get(t.dataset()),
    "get_figure": lambda c, t: c.jobs.figure(t.job.id, "loss", width=3, height=2),
    "get_heatmap": lambda c, t: c.jobs.heatmap(t.sweep.id, "learning_rate", "ayla.n1"),
    "get_heatmap_of_jobs": lambda c, t: c.sweeps.heatmap([t.sweep.id], "learning_rate", "ayla.n1"),
    "get_job": lambda c, t: c.jobs.get(t.job.id),
    "get_job_curves": lambda c, t: c.jobs.curves(t.job.id, max_points=10, scale="log", optimizers=[0]),
    "get_job_metrics": lambda c, t: c.jobs.metrics(t.job.id),
    "get_job_summary": lambda c, t: c.jobs.summary(t.job.id, where="final_loss<100", sort="-final_loss"),
    "get_jobs_figure": lambda c, t: c.figures.figure("forest", [t.job.id, t.sweep.id], width=3, height=2),
    "get_key": lambda c, t: c.keys.get(t.key().id),
    "get_me": lambda c, t: c.me.get(),
    "get_member": lambda c, t: c.members.get(t.member()),
    "get_metrics": lambda c, t: c.trials.metrics(t.trial.id),
    "get_predictions": lambda c, t: c.trials.predictions(t.trial.id),
    "get_previews": lambda c, t: c.jobs.previews([t.job.id, t.sweep]),
    "get_queue": lambda c, t: c.queue.get(),
    "get_queue_position": lambda c, t: c.jobs.queue_position(t.queued()),
    "get_sensitivity": lambda c, t: c.jobs.sensitivity(t.sweep.id, "learning_rate"),
    "get_sensitivity_of_jobs": lambda c, t: c.sweeps.sensitivity([t.sweep.id], "learning_rate"),
    "get_settings": lambda c, t: c.jobs.settings(t.sweep.id, where="learning_rate>0.01", limit=3),
    "get_settings_of_jobs": lambda c, t: c.sweeps.settings([t.sweep.id], arm="AYLA", metric="best_loss"),
    "get_team": lambda c, t: c.team.get(),
    "get_trajectories": lambda c, t: c.jobs.trajectories(t.job.id, choice={"trials": [0]}, columns=["step", "loss"]),
    "get_trajectory": lambda c, t: c.trials.trajectory(t.trial.id, columns="loss", max_points=10),
    "get_trial": lambda c, t: c.trials.get(t.trial.id),
    "get_usage": lambda c, t: c.team.usage(weeks=2),
    "get_webhook": lambda c, t: c.webhooks.get(t.webhook()),
    "health": lambda c, t: c.health.live(),
    "list_attempts": lambda c, t: c.jobs.attempts(t.job.id),
    "list_datasets": lambda c, t: c.datasets.list(),
    "list_deliveries": lambda c, t: c.webhooks.deliveries(t.webhook()),
    "list_figures": lambda c, t: c.jobs.figures(t.job.id),
    "list_jobs": lambda c, t: c.jobs.list(optimizer="adam", sort="created_at", limit=3),
    "list_keys": lambda c, t: c.keys.list(),
    "list_members": lambda c, t: c.members.list(),
    "list_trials": lambda c, t: c.jobs.trials(t.job.id, states=["completed"], optimizer=0),
    "list_webhooks": lambda c, t: c.webhooks.list(),
    "list_workers": lambda c, t: c.workers.list(),
    "move_job": lambda c, t: c.jobs.move(t.queued(), before=t.queued()),
    "pause_job": lambda c, t: c.jobs.pause(t.queued()),
    "pause_queue": lambda c, t: c.queue.pause(),
    "preview_dataset": lambda c, t: c.datasets.preview(t.dataset(), rows=1),
    "readiness": lambda c, t: c.health.ready(),
    "recompute_trial": lambda c, t: c.trials.recompute(t.sweep.trials(limit=1)[0].id, all_seeds=True),
    "remove_member": lambda c, t: c.members.remove(t.member()),
    "resume_job": lambda c, t: c.jobs.resume(t.queued().pause().id),
    "resume_queue": lambda c, t: c.queue.resume(),
    "retry_delivery": lambda c, t: _retried(c, t, t.webhook()),
    "retry_job": lambda c, t: c.jobs.retry(t.ended()),
    "revoke_key": lambda c, t: c.keys.revoke(t.key()),
    "rotate_key": lambda c, t: c.keys.rotate(t.key(), overlap_seconds=60),
    "rotate_webhook_secret": lambda c, t: c.webhooks.rotate_secret(t.webhook()),
    "stream_events": lambda c, t: c.events(owner="local"),
    "stream_job_events": lambda c, t: c.jobs.events(t.job.id),
    "submit_job": lambda c, t: c.jobs.submit(problem=SADDLE, optimizers=ayla.lion(0.01), budget=10, seeds=[3]),
    "submit_jobs": lambda c, t: c.jobs.submit_many([{"problem": ayla.preset("poly-sgd")}]),
    "test_webhook": lambda c, t: c.webhooks.test(t.webhook()),
    "upload_dataset": lambda c, t: c.datasets.upload({"x": [1, 2], "y": [2, 4.5]}, name=t.name()),
    "validate_job": lambda c, t: c.jobs.validate(problem=SADDLE, optimizers=[ayla.adam(0.1)], budget=10, seeds=3),
}
"""By operation."""


def _retried(client: Any, things: Things, webhook: ayla.Webhook) -> Any:
    return client.webhooks.retry_delivery(webhook, things.client.webhooks.test(webhook))


def settled(found: Any) -> Any:
    """What a call of a ``Client`` gives, once everything that it waits for has come; of a stream the first event."""
    if isinstance(found, ayla.HeatMap | ayla.Sensitivity):
        return found.numbers
    if isinstance(found, Events):
        with found:
            return next(found)
    return [*found] if isinstance(found, Iterator) else found


async def settled_later(found: Any) -> Any:
    """The same of an ``AsyncClient``."""
    if isinstance(found, AsyncEvents):
        async with found:
            return await anext(found)
    if isinstance(found, AsyncIterator):
        return [item async for item in found]
    if inspect.isawaitable(found):
        waited = await found
        return waited.numbers if isinstance(waited, ayla.AsyncHeatMap | ayla.AsyncSensitivity) else waited
    raise AssertionError(f"{found!r} is nothing to wait for")
