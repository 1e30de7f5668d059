"""What requests for every operation of the contract are made of: things that exist, and bodies that are accepted."""

import io
import tempfile
import uuid
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ayla_service.datasets.checking import check
from ayla_service.datasets.service import DatasetService, NewDataset, UploadMetadata
from ayla_service.db.session import Database, store_now
from ayla_service.queue import control
from ayla_service.states import TrialState
from ayla_service.teams.principal import LOCAL

from tests import factories
from tests.http.helpers import record, record_metrics
from tests.keyring import create, let_in
from tests.webhooks.hooks import add_delivery, add_webhook

EVENT_STREAM = "text/event-stream"
METHODS = ("get", "post", "patch", "put", "delete")

Operation = dict[str, Any]

OF_SWEEPS = ("get_best_of_jobs", "get_sensitivity_of_jobs", "get_heatmap_of_jobs", "get_settings_of_jobs")
BY_QUERY = ("get_jobs_figure", "get_previews", *OF_SWEEPS)
OF_SEVERAL_JOBS = ("compare_jobs", *BY_QUERY)
"""Operations that jobs are named to elsewhere than in the path."""

NEEDS_AN_ENDED_JOB = ("delete_job", "retry_job")
CSV = b"a,b,target\n1,2,3\n4,5,6\n7,8,9\n"


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    """Method, path and declaration of every operation."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def is_stream(operation: Operation) -> bool:
    """Whether it is answered by a stream of events, which never ends."""
    return EVENT_STREAM in operation["responses"].get("200", {}).get("content", {})


def things(database: Database, names: Collection[str], *, ended: bool = False, kept: bool = True) -> dict[str, str]:
    """Path parameters of things that are there, whatever earlier requests have done to others.

    Args:
        database: where they are put.
        names: of the parameters that are needed.
        ended: whether the job has.
        kept: whether it keeps trajectories; else its trials have completed without one.
    """
    there: dict[str, str] = {}
    with database.write() as session:
        control.resume(session, LOCAL.team_id, store_now(session))
    if not {"job_id", "trial_id"}.isdisjoint(names):
        there |= _job(database, ended=ended) if kept else _job_without_trajectories(database)
    if not {"webhook_id", "delivery_id"}.isdisjoint(names):
        there["webhook_id"] = add_webhook(database)
        there["delivery_id"] = add_delivery(database, there["webhook_id"])
    if not {"member_id", "key_id"}.isdisjoint(names):
        there |= _somebody(database)
    if "dataset_id" in names:
        there["dataset_id"] = _dataset(database)
    return there


def _job(database: Database, *, ended: bool) -> dict[str, str]:
    jobs = factories.jobs(database)
    job = jobs.submit(factories.spec(optimizers=factories.TWO_BY_TWO))
    trials = [trial.id for trial in jobs.trials(job.id).items]
    for trial in trials:
        record(database, trial, {"step": [0, 1, 2], "loss": [3.0, 2.0, float("nan")], "param.x": [1.0, 2.0, 3.0]})
    record_metrics(database, trials[0], {"step": [1, 2], "epoch": [1, 2], "train_loss": [2.0, 1.0]})
    if ended:
        jobs.cancel(job.id)
    return {"job_id": job.id, "trial_id": trials[0]}


def _job_without_trajectories(database: Database) -> dict[str, str]:
    job = factories.jobs(database).submit(factories.spec(record={"trajectories": "none"}))
    factories.set_trials(database, job.id, state=TrialState.COMPLETED)
    return {"job_id": job.id, "trial_id": f"{job.id}-0"}


def _somebody(database: Database) -> dict[str, str]:
    """A colleague with a key."""
    somebody = factories.colleague(database, f"colleague {uuid.uuid4()}")
    key = create(database, let_in(database, somebody))
    return {"member_id": somebody.member_id, "key_id": key.id}


def _dataset(database: Database) -> str:
    with tempfile.TemporaryFile() as kept, database.write() as session:
        checked = check("csv", io.BytesIO(CSV), kept)
        new = NewDataset.of(UploadMetadata(f"points-{uuid.uuid4()}", None, "csv"), checked, kept)
        return DatasetService(database).add(session, LOCAL, new).id


def good_request(operation: Operation, there: Mapping[str, str]) -> dict[str, Any]:
    """The plainest request that succeeds: by the document's own examples, with things that are there."""
    request: dict[str, Any] = {"path_parameters": dict(there), **_SPECIAL.get(operation["operationId"], dict)()}
    if operation["operationId"] in ("get_figure", "get_jobs_figure"):
        request["path_parameters"]["kind"] = "loss"
    content = operation.get("requestBody", {}).get("content", {})
    if "body" not in request and "application/json" in content:
        request["body"] = _example(content["application/json"])
    if operation["operationId"] in BY_QUERY:
        request["query"] = {"job_id": [there["job_id"]]}
    if operation["operationId"] == "compare_jobs":
        request["body"] = {"job_ids": [there["job_id"]]}
    if operation["operationId"] == "sign_in" and "key" in there:
        request["body"] = {"key": there["key"]}  # the key of the example is nobody's
    if operation["operationId"] == "add_member":
        request["body"] = {**request["body"], "name": f"nightly {uuid.uuid4()}"}  # requests before may have taken it
    return request


def _example(content: Mapping[str, Any]) -> Any:
    return next(iter(content["examples"].values()))["value"]


_SPECIAL: dict[str, Any] = {
    "upload_dataset": lambda: {
        "query": {"name": f"measured-{uuid.uuid4()}", "format": "csv"},
        "body": CSV,
        "media_type": "text/csv",
    },
    "change_job": lambda: {"headers": {"If-Match": "*"}},
}
"""What no example can say."""
