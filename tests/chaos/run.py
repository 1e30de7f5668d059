"""One run: bring everything up, let users and faults loose on it, wait until all is at rest, and verify."""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import torch
from ayla_core.devices import set_threads
from ayla_core.native.library import kernels
from ayla_service.db.models import AttemptRow, JobRow
from ayla_service.db.session import Database
from ayla_service.states import UNFINISHED_JOB
from sqlalchemy import func, select

from tests.chaos import audit
from tests.chaos.clients import Order, Users
from tests.chaos.deployment import Deployment, deployed
from tests.chaos.faults import Injector
from tests.chaos.load import Planned, crowd, extra, plan
from tests.chaos.recovery import Pulse, resumptions
from tests.chaos.report import Report
from tests.chaos.schedule import Fault, Kind, schedule
from tests.chaos.verification import Check, Finding, verify

_REST_SECONDS = 90.0
"""How long no job may end while some are left."""
_SLOWNESS = 20
"""How many times longer PyTorch takes than the compiled kernels, about."""
_LATE = "attempt abandoned: the lease was lost"
_MAKES_LATE_WRITES = (Kind.FREEZE_WORKER, Kind.FREEZE_PACK, Kind.HOLD_WORKER)


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is made of.

    Attributes:
        seed: jobs and faults follow from it, with the numbers below.
        jobs: how many are submitted.
        faults: how many are injected.
        gap_seconds: mean time between two faults; the jobs come over the whole time.
        shorter: the longer jobs have that many times fewer steps.
    """

    seed: int
    jobs: int
    faults: int
    gap_seconds: float = 4.5
    shorter: int = 1

    @property
    def command(self) -> str:
        """What a user types to have the same again."""
        size = f"--jobs {self.jobs} --faults {self.faults} --gap {self.gap_seconds:g} --shorter {self.shorter}"
        return f"python -m tests.chaos --seed {self.seed} {size}"

    def schedule(self) -> list[Fault]:
        """The faults."""
        return schedule(self.seed, self.faults, self.gap_seconds)

    def plan(self) -> list[Planned]:
        """The jobs."""
        return plan(self.seed, self.jobs, self.faults * self.gap_seconds, self._slowness())

    def extra(self, fault: Fault) -> list[Planned]:
        """The jobs that a fault needs for itself."""
        if fault.kind is Kind.FREEZE_PACK:
            return crowd(self.seed, fault.number, fault.target, self._slowness())
        return [extra(self.seed, fault.number, fault.target, self._slowness())]

    def _slowness(self) -> int:
        return self.shorter * (1 if kernels("expressions", torch.float64) is not None else _SLOWNESS)


def run(options: Options, folder: Path) -> Report:
    """Do it all; logs go into ``folder``."""
    set_threads(1)  # as the workers: bits depend on it
    faults = options.schedule()
    _say(f"seed {options.seed}; logs in {folder}")
    for fault in faults:
        _say(str(fault))
    clock = _Clock()
    with deployed(folder, options.seed) as deployment:
        clock.lap("start of the deployment")
        return _Run(options, faults, deployment, clock).report()


class _Clock:
    """How long each part took."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.parts[name], self._since = now - self._since, now
        _say(f"{name}: {self.parts[name]:.1f} s")


class _Run:
    """A run on a deployment that is up."""

    def __init__(self, options: Options, faults: Sequence[Fault], deployment: Deployment, clock: _Clock) -> None:
        self._options, self._faults, self._deployment, self._clock = options, faults, deployment, clock
        self._users = Users(deployment.urls, options.plan(), options.seed)
        self._pulse = Pulse(deployment.database)
        self._injector = Injector(deployment, self._users, self._pulse, options.extra)

    def report(self) -> Report:
        """Run, verify, and say what was found."""
        with closing(self._users):
            self._pulse.start()
            self._users.start()
            self._injector.run(self._faults, time.monotonic())
            self._users.join()
        self._clock.lap("jobs and faults")
        _wait_for_rest(self._deployment.database)
        self._clock.lap("until every job had ended")
        self._pulse.stop()
        self._deployment.supervisor.stop()
        return self._verified()

    def _verified(self) -> Report:
        database, orders = self._deployment.database, self._users.orders
        verified = verify(database, orders, audit.violations(database))
        fenced = _late_writes(self._deployment)
        self._clock.lap("verification")
        return Report(
            seed=self._options.seed,
            command=self._options.command,
            seconds=self._clock.parts,
            jobs=_jobs(database, orders),
            attempts=_attempts(database),
            injuries=self._injector.injuries,
            resumptions=resumptions(database, self._injector.injuries),
            exits=Counter((item.name.split("-")[0], item.status) for item in self._deployment.supervisor.exits),
            messages=self._deployment.postman.carried,
            fenced=fenced,
            compared=verified.trials,
            disk="a file system in memory for the tables" if self._deployment.disk else "not made full: needs root",
            findings=[*verified.findings, *self._conduct(fenced)],
        )

    def _conduct(self, fenced: int) -> list[Finding]:
        found = [Finding(Check.CONDUCT, late) for late in self._injector.late]
        found += [
            Finding(Check.CONDUCT, f"fault {injury.fault.number} could not be carried out: {injury.failure}")
            for injury in self._injector.injuries
            if injury.failure is not None
        ]
        if fenced == 0 and any(fault.kind in _MAKES_LATE_WRITES for fault in self._faults):
            found.append(Finding(Check.CONDUCT, "no late write was tried and fenced, so the run proves little"))
        return found


def new_folder() -> Path:
    """A folder for the logs of a run."""
    return Path(tempfile.mkdtemp(prefix="ayla-chaos-"))


def _wait_for_rest(database: Database) -> None:
    """Until every job has ended, or none has for so long that the rest must be called lost."""
    left, seen_at = -1, time.monotonic()
    while left != 0 and time.monotonic() - seen_at < _REST_SECONDS:
        time.sleep(0.2)
        found = _unfinished(database)
        if found != left:
            left, seen_at = found, time.monotonic()


def _unfinished(database: Database) -> int:
    unfinished = select(func.count()).select_from(JobRow).where(JobRow.state.in_(UNFINISHED_JOB))
    with database.read() as session:
        return session.execute(unfinished).scalar_one()


def _late_writes(deployment: Deployment) -> int:
    return sum(worker.log.read_text(errors="replace").count(_LATE) for worker in deployment.workers)


def _jobs(database: Database, orders: Mapping[str, Order]) -> Mapping[tuple[str, str], int]:
    with database.read() as session:
        states = session.execute(select(JobRow.name, JobRow.state)).all()
    kinds = {key: order.planned.kind for key, order in orders.items()}
    return Counter((kinds.get(name or "", "unknown"), state) for name, state in states)


def _attempts(database: Database) -> Mapping[str, int]:
    with database.read() as session:
        return dict(session.execute(select(AttemptRow.outcome, func.count()).group_by(AttemptRow.outcome)).all())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
