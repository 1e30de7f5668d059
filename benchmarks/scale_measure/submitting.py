"""How many jobs per second several processes of the API take on one port."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import psutil
from measure import fresh
from measure.findings import Findings, Row, Table
from measure.timing import duration
from queue_measure.figures import wait_until
from queue_measure.installation import POSTGRES, Installation, Servers, installed, servers

from scale_measure.about import busy, over_or_none
from scale_measure.gate import Gate, await_processes, shut
from scale_measure.running import Run, Window, watched_window, window

_WARM_SECONDS = 1.5
_COLUMNS = ("processes", "jobs/s", "POST p50", "POST p99", "API's cores", "server's cores", "API's CPU for a job")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: processes of the API, processes of clients and clients in each, windows of seconds."""

    processes: tuple[int, ...] = (1, 2, 4)
    posting: int = 4
    clients: int = 4
    windows: tuple[float, ...] = (3.0, 3.0, 3.0)


_QUICK = Size(processes=(1, 2), posting=1, clients=4, windows=(1.0,))


@dataclass(frozen=True, slots=True)
class Submitted:
    """What one number of processes took: the windows, and the cores that the API kept busy in each."""

    run: Run
    cores: Sequence[float]

    @property
    def rate(self) -> float:
        """Jobs per second."""
        return self.run.rate("submission")

    @property
    def api_cores(self) -> float:
        """Cores that the API kept busy."""
        return sorted(self.cores)[len(self.cores) // 2]


def measure(*, quick: bool) -> Findings:
    """Jobs per second and percentiles of a POST for each number of processes."""
    size, before = _QUICK if quick else Size(), busy()
    found: dict[int, Submitted] = {}
    with servers() as backing:
        for processes in size.processes:
            found[processes] = _submitted(backing, processes, size)
            print(f"  {processes} processes: {found[processes].rate:.0f} jobs/s", flush=True)
        described = backing.described()
    about = (
        f"{size.posting * size.clients} clients in {size.posting} processes of their own submit small jobs to "
        "`ayla-service api --processes N`, each by one connection; a POST is answered once the job is on the disk. No "
        f"worker runs. Medians of {len(size.windows)} windows of {size.windows[0]:g} s. Clients, API and store share "
        "the machine's cores, so more processes than cores cannot help here; with other machines for store and "
        "clients the API's CPU for a job says what a core of the API takes."
    )
    return Findings(_rows(found), [_table(found)], [about, described, before])


def _rows(found: Mapping[int, Submitted]) -> list[Row]:
    one, *more = found
    rows = [Row(f"{_named(count)} of the API", submitted.rate, "jobs/s") for count, submitted in found.items()]
    rows += [
        Row(f"{_named(count)} over {_named(one)}", over_or_none(found[count].rate, found[one].rate)) for count in more
    ]
    core = over_or_none(found[one].rate, found[one].api_cores)
    return [*rows, Row("jobs/s that a core of the API takes", core, "jobs/s")]


def _named(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def _table(found: Mapping[int, Submitted]) -> Table:
    return Table(_COLUMNS, [_line(processes, one) for processes, one in found.items()])


def _line(processes: int, one: Submitted) -> Sequence[float | str]:
    return (
        processes,
        round(one.rate, 1),
        one.run.shown("submission", 0.5),
        one.run.shown("submission", 0.99),
        round(one.api_cores, 2),
        round(one.run.cores, 2),
        duration(over_or_none(one.api_cores, one.rate) or 0.0),
    )


def _submitted(backing: Servers, processes: int, size: Size) -> Submitted:
    with installed(backing, POSTGRES, api_processes=processes) as installation:
        api = psutil.Process(installation.start_api().pid)
        if processes > 1:
            wait_until(lambda: len(api.children()) == processes, "the processes of the API")
        return _posted(installation, backing, api, size)


def _posted(installation: Installation, backing: Servers, api: psutil.Process, size: Size) -> Submitted:
    database, target = installation.database, "scale_measure.posting:run"
    arguments = {"url": installation.url, "store_url": database.url, "clients": size.clients}
    watched, used = [], []
    with ThreadPoolExecutor(size.posting) as pool:
        with shut(Gate.END, database):
            with shut(Gate.BEGIN, database):
                calls = [pool.submit(fresh.call, target, **arguments) for _ in range(size.posting)]
                await_processes(Gate.BEGIN, database, size.posting)
            time.sleep(_WARM_SECONDS)
            used.append(_cpu_seconds(api))
            for length in size.windows:
                watched.append(watched_window(database, backing.postgres, length))
                used.append(_cpu_seconds(api))
        told = [operation for call in calls for operation in call.result().value]
    windows = [window(*one, told) for one in watched]
    return Submitted(Run(windows, {}, 0.0), [_cores(*one) for one in zip(used, used[1:], windows, strict=False)])


def _cores(before: float, after: float, of: Window) -> float:
    return (after - before) / of.seconds


def _cpu_seconds(api: psutil.Process) -> float:
    total = 0.0
    for process in (api, *api.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total
