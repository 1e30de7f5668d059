"""The service's HTTP contract in memory, for a client's MockTransport. Specs are checked by the real contract."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import ayla
import httpx2
from ayla_spec import JobSpec, SpecError, resolve
from ayla_spec.design import plan_points
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.optimizers.effect import LossCounts, effect_notes
from ayla_spec.space import Space
from ayla_spec.trials import TrialPlan, plan_trials
from pydantic import ValidationError

from tests.client.comparisons import comparison_document, jobs_comparison_document
from tests.client.reproduction import heat_map, mnist_metrics, mnist_summary
from tests.client.trajectories import Columns, decay, polynomial

CURVE_ENDS = {"plain": 0.041, "loss": 0.029, "sample": 0.030}
CURVE_RATES = {"plain": 0.01, "loss": 0.02, "sample": 0.03}

PRIORITIES = ("low", "normal", "high", "urgent")

Reply = httpx2.Response | Exception


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds

    @property
    def clock(self) -> ayla.Clock:
        return ayla.Clock(monotonic=lambda: self.now, sleep=self.sleep)


@dataclass
class FakeJob:
    """A job that moves on with each look at it, unless it is paused."""

    id: str
    submitted: dict[str, Any]
    resolved: dict[str, Any]
    plans: list[TrialPlan]
    outcome: str
    looks: int = 0
    looks_needed: int = 2
    cancelled: bool = False
    paused: bool = False
    priority: str = "normal"
    attempts: list[dict[str, Any]] = field(default_factory=list)
    status_detail: str | None = None
    owner: str = "local"

    @property
    def state(self) -> str:
        if self.cancelled:
            return "cancelled"
        if self.looks >= self.looks_needed:
            return self.outcome
        return "running" if self.looks else "queued"

    def document(self) -> dict[str, Any]:
        total, fraction = len(self.plans), min(1.0, self.looks / self.looks_needed)
        ended = total if self.state == "succeeded" else 0
        return {
            "id": self.id,
            "name": self.submitted.get("name"),
            "owner": self.owner,
            "project": self.submitted.get("project"),
            "tags": self.submitted.get("tags", []),
            "preset": self.resolved["preset"],
            "state": self.state,
            "priority": self.priority,
            "status_detail": self.status_detail,
            "created_at": "2026-01-02T03:04:05Z",
            "paused_at": "2026-01-02T03:05:00Z" if self.paused else None,
            "attempts": {"total": len(self.attempts), "failed": self._tried("failed"), "lost": self._tried("lost")},
            "trials": {"total": total, "completed": ended, "diverged": 0},
            "progress": {"steps_done": int(100 * fraction), "steps_total": 100, "fraction": fraction},
            "error": {"type": "attempts-exhausted", "detail": "The worker ran out of memory."}
            if self.state == "failed"
            else None,
            "spec": self.submitted,
            "resolved": self.resolved,
            "a_field_of_a_newer_server": {"anything": 1},
        }

    def _tried(self, outcome: str) -> int:
        return sum(attempt["outcome"] == outcome for attempt in self.attempts)

    def change(self, what: str, request: httpx2.Request) -> httpx2.Response | None:
        """Cancel, pause, resume or prioritise; answers where that is refused."""
        if self.state in {"succeeded", "failed"} or (self.cancelled and what != "cancel"):
            return problem(409, "job-finished", f"The job has ended as {self.state}.")
        if what == "prioritise":
            priority = json.loads(request.content)["priority"]
            if priority not in PRIORITIES:
                return problem(422, "invalid-request", "One field is invalid.", [("/priority", "Must be 'low' or …")])
            self.priority = priority
        self.cancelled = self.cancelled or what == "cancel"
        self.paused = not self.cancelled and (what == "pause" or (self.paused and what != "resume"))
        return None


def planned(spec: ResolvedJobSpec) -> list[TrialPlan]:
    """Every trial of a job, with axes or without."""
    if spec.search is None:
        return plan_trials(spec)
    space = Space.of(spec, plan_points(spec))
    settings = [space.setting(number) for number in range(space.settings_total)]
    return plan_trials(spec.model_copy(update={"optimizers": settings}))


def trajectory_of(plan: TrialPlan, job: FakeJob) -> Columns:
    """What a trial of the fake did; curve fitting differs a little from seed to seed."""
    settings = plan.settings.model_dump(mode="json")
    if job.resolved["problem"]["type"] == "expression":
        return polynomial(settings, job.resolved["budget"]["steps"])
    role = settings["ayla"]["transform_on"] if settings["ayla"] else "plain"
    return decay(CURVE_ENDS[role] + 1e-4 * (plan.seed - 42), CURVE_RATES[role])


@dataclass
class FakeService:
    """Answers like the service, remembers every request.

    Attributes:
        outcomes: how jobs end, by name; default succeeded.
        replies: given to the next requests instead of the proper answers.
        workers: those there are.
        events: what the stream about any job tells; none: there is no stream.
        streamed: paths of the streams that were asked for.
        trajectory: columns of a trial.
        trial_metrics: metrics in the summary of each trial.
    """

    outcomes: dict[str, str] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)
    trajectory: Callable[[TrialPlan, FakeJob], Columns] = trajectory_of
    trial_metrics: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    page_size: int = 1000
    jobs: dict[str, FakeJob] = field(default_factory=dict)
    workers: list[dict[str, Any]] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    streamed: list[str] = field(default_factory=list)
    time: FakeTime = field(default_factory=FakeTime)

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self)

    def client(self, **options: Any) -> ayla.Client:
        return ayla.Client("http://service.test", transport=self.transport, clock=self.time.clock, **options)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/events"):
            return self._events(request)
        self.requests.append(request)
        if self.replies:
            reply = self.replies.pop(0)
            if isinstance(reply, Exception):
                raise reply
            return reply
        return self._answer(request)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        match request.method, request.url.path.strip("/").split("/")[1:]:
            case "GET", ["catalogue"]:
                return httpx2.Response(200, json={"presets": [{"name": "poly-sgd", "title": "Leaving a saddle"}]})
            case "GET", ["workers"]:
                return httpx2.Response(200, json={"data": self.workers, "next_cursor": None})
            case "POST", ["jobs"]:
                return self._submit(request)
            case "GET", ["jobs"]:
                return self._page(self._listed(request.url.params), request)
            case "POST", ["comparisons"]:
                return self._compare(json.loads(request.content))
            case _, ["jobs", job_id, *rest] if job_id in self.jobs:
                return self._job(self.jobs[job_id], rest, request)
            case "GET", ["trials", trial_id, *rest] if trial_id.rpartition(".")[0] in self.jobs:
                return self._trial(trial_id, rest, request)
        return problem(404, "job-not-found", f"Nothing at {request.url.path}.")

    def _compare(self, asked: dict[str, Any]) -> httpx2.Response:
        """Several jobs, taken as of one problem."""
        jobs = [self.jobs[job_id] for job_id in asked["job_ids"]]
        trials = [self._trial_document(job, plan) for job in jobs for plan in job.plans]
        documents = [job.document() for job in jobs]
        found = jobs_comparison_document(documents, trials, asked.get("metric"), asked.get("baseline"))
        return httpx2.Response(200, json=found)

    def _listed(self, wanted: httpx2.QueryParams) -> list[dict[str, Any]]:
        """The jobs that a list shows, newest first."""
        documents = [job.document() for job in reversed(self.jobs.values())]
        conditions = {name: wanted[name] for name in ("state", "owner", "project") if name in wanted}
        if "paused" in wanted:
            is_paused = wanted["paused"] == "true"
            documents = [each for each in documents if (each["paused_at"] is not None) == is_paused]
        tagged = [each for each in documents if wanted.get("tag") in (None, *each["tags"])]
        return [each for each in tagged if all(each[name] == value for name, value in conditions.items())]

    def _events(self, request: httpx2.Request) -> httpx2.Response:
        """The stream about a job, which is read beside all other requests and counts as none of them."""
        self.streamed.append(request.url.path)
        content = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in self.events)
        headers = {"Content-Type": "text/event-stream"}
        return httpx2.Response(200 if self.events else 429, text=f"retry: 2000\n\n{content}: ping\n\n", headers=headers)

    def _submit(self, request: httpx2.Request) -> httpx2.Response:
        submitted = json.loads(request.content)
        try:
            spec = resolve(JobSpec.model_validate_json(request.content))
        except ValidationError as error:
            pointers = [("/" + "/".join(map(str, issue["loc"])), issue["msg"]) for issue in error.errors()]
            return problem(422, "invalid-request", "The job spec is invalid.", pointers)
        except SpecError as error:
            return problem(
                422, "invalid-request", "The job spec is invalid.", [(i.pointer, i.detail) for i in error.issues]
            )
        outcome = self.outcomes.get(submitted.get("name") or "", "succeeded")
        job = FakeJob(f"job-{len(self.jobs)}", submitted, spec.model_dump(mode="json"), planned(spec), outcome)
        job.priority = submitted.get("priority", "normal")
        self.jobs[job.id] = job
        return httpx2.Response(202, json=job.document())

    def _job(self, job: FakeJob, rest: list[str], request: httpx2.Request) -> httpx2.Response:
        if rest == ["trials"]:
            return self._page([self._trial_document(job, plan) for plan in job.plans], request)
        if rest == ["comparison"]:
            trials = [self._trial_document(job, plan) for plan in job.plans]
            asked = request.url.params.get("metric", "final_loss")
            return httpx2.Response(200, json=comparison_document(job.document(), trials, asked))
        if rest == ["heatmap"]:
            return httpx2.Response(
                200, json=heat_map(job, [self.trajectory(plan, job)["loss"][-1] for plan in job.plans])
            )
        if rest == ["attempts"]:
            return self._page(job.attempts, request)
        if request.method == "PATCH" and "If-Match" not in request.headers:
            return problem(428, "version-required", "Name the version to change in If-Match.")
        if request.method in {"POST", "PATCH"}:
            refusal = job.change(rest[0] if rest else "prioritise", request)
            if refusal is not None:
                return refusal
        document = job.document()
        job.looks += request.method == "GET" and not job.paused
        return httpx2.Response(202 if rest else 200, json=document)

    def _trial_document(self, job: FakeJob, plan: TrialPlan) -> dict[str, Any]:
        loss = self.trajectory(plan, job)["loss"]
        finite = [value for value in loss if math.isfinite(value)]
        diverged = len(finite) < len(loss)
        loss_counts = LossCounts(
            sum(0 < abs(value) < 1 for value in finite[:-1]), sum(abs(value) > 1 for value in finite[:-1])
        )
        settings = plan.settings.model_dump(mode="json")
        summary = {
            "final_loss": None if diverged else loss[-1],
            "best_loss": min(finite),
            "best_step": loss.index(min(finite)),
            "first_nonfinite_step": len(finite) if diverged else None,
            "wall_seconds": 0.25,
            "losses_below_one": loss_counts.below,
            "losses_above_one": loss_counts.above,
            "notes": effect_notes(settings, loss_counts),
            "metrics": self.trial_metrics or mnist_summary(plan, job),
        }
        return {
            "id": f"{job.id}.{plan.index}",
            "job_id": job.id,
            "index": plan.index,
            "optimizer_index": plan.optimizer_index,
            "label": plan.settings.label,
            "optimizer": settings,
            "seed": plan.seed,
            "state": "diverged" if diverged else "completed",
            "steps_done": len(loss) - 1,
            "summary": summary,
        }

    def _trial(self, trial_id: str, rest: list[str], request: httpx2.Request) -> httpx2.Response:
        job_id, _, index = trial_id.rpartition(".")
        job = self.jobs[job_id]
        plan = job.plans[int(index)]
        if rest == ["trajectory"]:
            return _trajectory(trial_id, self.trajectory(plan, job), request)
        if rest == ["metrics"]:
            return _trajectory(trial_id, mnist_metrics(plan, job) or _metrics(job), request)
        if rest == ["predictions"]:
            return httpx2.Response(200, json={"trial_id": trial_id} | _predictions(job))
        return httpx2.Response(200, json=self._trial_document(job, plan))

    def _page(self, items: list[dict[str, Any]], request: httpx2.Request) -> httpx2.Response:
        start = int(request.url.params.get("cursor", "0"))
        end = start + min(self.page_size, int(request.url.params["limit"]))
        cursor = str(end) if end < len(items) else None
        return httpx2.Response(200, json={"data": items[start:end], "next_cursor": cursor})


def problem(
    status: int, slug: str, detail: str, errors: list[tuple[str, str]] | None = None, **headers: str
) -> httpx2.Response:
    """An error as the service words it."""
    fields = [{"in": "body", "pointer": pointer, "detail": text} for pointer, text in errors or []]
    body = {
        "type": f"urn:ayla:problem:{slug}",
        "title": slug.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "instance": "/v1/somewhere",
        "request_id": "request-1",
        "errors": fields,
    }
    return httpx2.Response(status, json=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


def _trajectory(trial_id: str, columns: Columns, request: httpx2.Request) -> httpx2.Response:
    wanted = request.url.params.get("columns")
    names = wanted.split(",") if wanted else [*columns]
    if request.headers["Accept"] == "text/csv":
        rows = zip(*(columns[name] for name in names), strict=True)
        text = "\r\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)])
        return httpx2.Response(200, text=text + "\r\n", headers={"Content-Type": "text/csv"})
    kept = {name: [value if math.isfinite(value) else None for value in columns[name]] for name in names}
    return httpx2.Response(200, json={"trial_id": trial_id, "rows": len(kept[names[0]]), "columns": kept})


def _metrics(job: FakeJob) -> Columns:
    """Three epochs of a dataset; nothing for an expression."""
    if job.resolved["problem"]["type"] == "expression":
        return {"step": [], "epoch": []}
    return {
        "step": [45, 90, 135],
        "epoch": [1, 2, 3],
        "train_loss": [2.0, math.nan, 1.0],
        "test_accuracy": [0.1, 0.5, 0.75],
    }


def _predictions(job: FakeJob) -> dict[str, Any]:
    steps = job.resolved["record"]["predictions_at"]
    if not steps:
        return {"steps": [], "columns": {}}
    x = [-1 + 4 * index / 99 for index in range(100)]
    truth = [value**2 / 3 for value in x]
    fits = {f"prediction.{step}": [value + 10 / step for value in truth] for step in steps}
    return {"steps": steps, "columns": {"x": x, "target": [value + 0.1 for value in truth], "truth": truth} | fits}
