"""Does to the deployment what the schedule says, each fault in a thread of its own as they may overlap."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import redis
from ayla_service.queue.celery.app import make_app
from sqlalchemy.exc import SQLAlchemyError

from tests.chaos.clients import Users
from tests.chaos.deployment import GRACE_SECONDS, Deployment, answers
from tests.chaos.load import Planned
from tests.chaos.postman import Delivery
from tests.chaos.processes import Member
from tests.chaos.proxy import Line
from tests.chaos.recovery import Injury, Pulse, are_taken_up, is_writing, running_on
from tests.chaos.schedule import Fault, Kind
from tests.system.processes import computing

_AT_WORK_SECONDS = 25.0
"""How long a fault waits for its worker to have work: to hurt one that is just starting proves little."""
_RECOVERY_SECONDS = 20.0
_LEAVE_SECONDS = GRACE_SECONDS + 1.0
_LOOK_SECONDS = 0.02
_CONTROL_SECONDS = 5.0
_PACK_SECONDS = 60.0
_PACK = 2
"""Attempts that run at once on one worker make a pack."""

_LINES = {Kind.CUT_WORKER: Line.CUT, Kind.HOLD_WORKER: Line.HELD, Kind.SWALLOW_WORKER: Line.SWALLOWED}


class Injector:
    """Carries out a schedule.

    Args:
        deployment: to be hurt.
        users: send these, when it is time.
        pulse: tells when the store is written to.
        extra: the jobs that a fault needs for itself.

    Attributes:
        injuries: one for each fault, in the order of the schedule.
        late: workers that were told to stop and did not within their time.
    """

    def __init__(
        self, deployment: Deployment, users: Users, pulse: Pulse, extra: Callable[[Fault], Sequence[Planned]]
    ) -> None:
        self.injuries: list[Injury] = []
        self.late: list[str] = []
        self._deployment = deployment
        self._users = users
        self._pulse = pulse
        self._extra = extra

    def run(self, faults: Sequence[Fault], begun: float) -> None:
        """All of them, at their times from ``begun`` (of the monotonic clock); returns when all is mended."""
        threads = []
        for fault in faults:
            time.sleep(max(0.0, begun + fault.at - time.monotonic()))
            injury = Injury(fault)
            self.injuries.append(injury)
            threads.append(threading.Thread(target=self._hurt, args=(injury,), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def _hurt(self, injury: Injury) -> None:
        act = self._action(injury.fault.kind)
        with self._deployment.victim_lock(injury.fault.victim):
            try:
                act(injury)
            except Exception as error:
                # The run goes on without it, and fails at its end.
                injury.failure = f"{type(error).__name__}: {error}"
                sys.stdout.write(f"fault {injury.fault.number} failed: {injury.failure}\n")

    def _action(self, kind: Kind) -> Callable[[Injury], None]:
        if kind in _LINES:
            return self._spoil_line
        return {
            Kind.KILL_WORKER: self._kill_worker,
            Kind.STOP_WORKER: self._stop_worker,
            Kind.FREEZE_WORKER: self._freeze_worker,
            Kind.FREEZE_PACK: self._freeze_pack,
            Kind.KILL_CHILD: self._kill_child,
            Kind.RESTART_POOL: self._restart_pool,
            Kind.END_TASK: self._end_task,
            Kind.SHUT_DOWN: self._shut_down,
            Kind.KILL_API: self._kill_api,
            Kind.KILL_API_MID_REQUEST: self._kill_api_mid_request,
            Kind.KILL_REDIS: self._kill_redis,
            Kind.LOSE_REDIS: self._lose_redis,
            Kind.FREEZE_REDIS: self._freeze_redis,
            Kind.KILL_POSTGRES: self._kill_postgres,
            Kind.FILL_DISK: self._fill_disk,
            Kind.DOUBLE_MESSAGES: self._change_delivery,
            Kind.DROP_MESSAGES: self._change_delivery,
        }[kind]

    def _kill_worker(self, injury: Injury) -> None:
        self._when_at_work(injury)
        pid = self._deployment.workers[injury.fault.target].signal(signal.SIGKILL)
        self._deployment.supervisor.exit_of(pid, _LEAVE_SECONDS)

    def _stop_worker(self, injury: Injury) -> None:
        self._when_at_work(injury)
        worker = self._deployment.workers[injury.fault.target]
        self._see_off(worker, worker.signal(signal.SIGTERM), "SIGTERM")

    def _see_off(self, worker: Member, pid: int, how: str) -> None:
        if self._deployment.supervisor.exit_of(pid, _LEAVE_SECONDS) is None:
            self.late.append(f"{worker.name} (process {pid}) still ran {_LEAVE_SECONDS:g} s after {how}")
            with contextlib.suppress(ProcessLookupError):
                worker.signal(signal.SIGKILL)

    def _kill_child(self, injury: Injury) -> None:
        self._when_at_work(injury)
        worker = self._deployment.workers[injury.fault.target]
        for pid in computing(worker.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _restart_pool(self, injury: Injury) -> None:
        self._when_at_work(injury)
        self._control().broadcast("pool_restart", destination=[self._node(injury)])

    def _end_task(self, injury: Injury) -> None:
        self._when_at_work(injury)
        control, node = self._control(), self._node(injury)
        active = control.inspect(destination=[node], timeout=_CONTROL_SECONDS).active() or {}
        for task in active.get(node, ()):
            control.revoke(task["id"], terminate=True, destination=[node])

    def _shut_down(self, injury: Injury) -> None:
        self._when_at_work(injury)
        worker = self._deployment.workers[injury.fault.target]
        pid, answered = worker.pid, self._control().ping(destination=[worker.node], timeout=_CONTROL_SECONDS)
        self._control().shutdown(destination=[worker.node])
        if answered:
            self._see_off(worker, pid, "control shutdown")
        else:
            injury.skipped = "the broker was hurt as well; no command arrived"

    def _control(self) -> Any:
        return make_app(self._deployment.listened_to).control

    def _node(self, injury: Injury) -> str:
        return self._deployment.workers[injury.fault.target].node

    def _freeze_worker(self, injury: Injury) -> None:
        deadline = time.monotonic() + _AT_WORK_SECONDS
        self._when_at_work(injury)
        worker = self._deployment.workers[injury.fault.target]
        try:
            while not self._is_frozen_at_work(worker, injury) and time.monotonic() < deadline:
                worker.signal_family(signal.SIGCONT)
                self._when_at_work(injury)
            self._stay_frozen(injury)
        finally:
            worker.signal_family(signal.SIGCONT)

    def _freeze_pack(self, injury: Injury) -> None:
        sender = self._sender(injury)
        deadline = time.monotonic() + _PACK_SECONDS
        while not any(self._has_frozen_pack(worker, injury) for worker in self._deployment.workers):
            if time.monotonic() > deadline:
                injury.skipped = "no worker was met with a pack"
                break
            time.sleep(_LOOK_SECONDS)
        sender.join()

    def _has_frozen_pack(self, worker: Member, injury: Injury) -> bool:
        """Freeze a worker for as long as the fault lasts, if it has a pack and no other fault hurts it."""
        lock = self._deployment.victim_lock(worker.name)
        if not self._has_pack(worker) or not lock.acquire(blocking=False):
            return False
        try:
            found = self._is_frozen_at_work(worker, injury) and len(injury.victims) >= _PACK
            if found:
                self._stay_frozen(injury)
            return found
        finally:
            worker.signal_family(signal.SIGCONT)
            lock.release()

    def _has_pack(self, worker: Member) -> bool:
        try:
            return worker.ended() is None and len(running_on(self._deployment.database, worker.family)) >= _PACK
        except SQLAlchemyError:
            return False

    def _stay_frozen(self, injury: Injury) -> None:
        """Until another worker has taken up what this one had: its late write meets an attempt that runs."""
        deadline = time.monotonic() + injury.fault.seconds
        while time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
            with contextlib.suppress(SQLAlchemyError):
                if are_taken_up(self._deployment.database, injury.victims):
                    return

    def _is_frozen_at_work(self, worker: Member, injury: Injury) -> bool:
        """Freeze a worker; returns whether that was between two writes of an attempt, so that the next will be late.

        Within a write it keeps its locks and so its lease; a line that is held makes that happen often enough.
        """
        worker.signal_family(signal.SIGSTOP)
        time.sleep(_LOOK_SECONDS)
        injury.begun = time.time()
        try:
            injury.victims = running_on(self._deployment.database, worker.family)
            return bool(injury.victims) and not is_writing(self._deployment.database, worker.name)
        except SQLAlchemyError:
            return False

    def _spoil_line(self, injury: Injury) -> None:
        self._when_at_work(injury)
        line = self._deployment.lines[injury.fault.target]
        line.set(_LINES[injury.fault.kind])
        try:
            time.sleep(injury.fault.seconds)
        finally:
            line.set(Line.OPEN)

    def _kill_api(self, injury: Injury) -> None:
        self._kill_api_after(injury, 0.0)

    def _kill_api_mid_request(self, injury: Injury) -> None:
        sender = self._sender(injury)
        self._kill_api_after(injury, injury.fault.seconds)
        sender.join()

    def _sender(self, injury: Injury) -> threading.Thread:
        sender = threading.Thread(target=self._users.submit_extra, args=(self._extra(injury.fault),), daemon=True)
        sender.start()
        return sender

    def _kill_api_after(self, injury: Injury, seconds: float) -> None:
        time.sleep(seconds)
        api, url = self._deployment.apis[injury.fault.target], self._deployment.urls[injury.fault.target]
        injury.begun = time.time()
        api.signal(signal.SIGKILL)
        injury.recovered = _seconds_until(lambda: answers(url), injury.begun)

    def _kill_redis(self, injury: Injury) -> None:
        injury.begun = time.time()
        self._deployment.redis.kill()
        self._deployment.redis.start()
        self._wait_for_write(injury, injury.begun)

    def _lose_redis(self, injury: Injury) -> None:
        injury.begun = time.time()
        self._deployment.redis.kill()
        self._deployment.redis.start()
        self._wipe_redis()
        self._wait_for_write(injury, injury.begun)

    def _wipe_redis(self) -> None:
        """As soon as it lets us: it answers some questions while it still reads its data."""
        for _ in range(100):
            with contextlib.suppress(redis.BusyLoadingError):
                self._deployment.redis.wipe()
                return
            time.sleep(_LOOK_SECONDS)
        raise TimeoutError("Redis is still loading its data")

    def _freeze_redis(self, injury: Injury) -> None:
        injury.begun = time.time()
        self._deployment.redis.freeze()
        try:
            time.sleep(injury.fault.seconds)
        finally:
            self._deployment.redis.thaw()
        self._wait_for_write(injury, injury.begun)

    def _kill_postgres(self, injury: Injury) -> None:
        injury.begun = time.time()
        self._deployment.postgres.kill()
        time.sleep(injury.fault.seconds)
        self._deployment.postgres.start()
        self._wait_for_write(injury, injury.begun)

    def _fill_disk(self, injury: Injury) -> None:
        disk = self._deployment.disk
        if disk is None:
            injury.skipped = "no file system can be mounted here; that takes root"
            return
        injury.begun = time.time()
        disk.fill()
        try:
            time.sleep(injury.fault.seconds)
        finally:
            disk.free()
        self._wait_for_write(injury, time.time())

    def _change_delivery(self, injury: Injury) -> None:
        injury.begun = time.time()
        doubled = injury.fault.kind is Kind.DOUBLE_MESSAGES
        self._deployment.postman.delivery = Delivery.TWICE if doubled else Delivery.SOME_LOST
        time.sleep(injury.fault.seconds)
        self._deployment.postman.delivery = Delivery.FAITHFUL

    def _wait_for_write(self, injury: Injury, moment: float) -> None:
        injury.recovered = self._pulse.after(moment, _RECOVERY_SECONDS)

    def _when_at_work(self, injury: Injury) -> None:
        """Wait for the worker to have something to lose; note what, and when the fault begins."""
        worker = self._deployment.workers[injury.fault.target]
        deadline = time.monotonic() + _AT_WORK_SECONDS
        injury.victims = []
        while not injury.victims and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
            with contextlib.suppress(SQLAlchemyError):
                # The attempts of one that is dead look as if they ran until their leases expire.
                if worker.ended() is None:
                    injury.victims = running_on(self._deployment.database, worker.family)
        injury.begun = time.time()


def _seconds_until(condition: Callable[[], bool], begun: float) -> float | None:
    while time.time() - begun < _RECOVERY_SECONDS:
        if condition():
            return time.time() - begun
        time.sleep(_LOOK_SECONDS)
    return None
