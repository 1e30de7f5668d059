"""Grids on the embedded service: 100 x 100 beside Optuna, and 1 000 x 1 000."""

from dataclasses import dataclass

from measure.findings import Findings, Row, Table, at_least, at_most
from measure.timing import duration

from sweep_measure import optuna_peer
from sweep_measure.embedded import embedded
from sweep_measure.grids import STEPS, Taken, from_post_to_picture, grid

_WHOLE_SECONDS, _DONE_SECONDS = at_most(2.0), at_most(1.5)
_TIMES_OPTUNA = at_least(100.0)
_LARGE_SECONDS, _PICTURE_SECONDS = at_most(60.0), at_most(2.0)
_MEMORY_MB, _BYTES = at_most(2000.0), at_most(120.0)
_COLUMNS = ("grid", "POST answered", "job done", "picture there")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        side: of the small grid.
        large: of the large one.
        optuna: trials of the study beside the small one.
        rounds: services that are started for the small one.
    """

    side: int = 100
    large: int = 1000
    optuna: int = 200
    rounds: int = 3


_QUICK = Size(side=10, large=30, optuna=10, rounds=1)


def small(*, quick: bool) -> Findings:
    """The small grid on fresh services, and Optuna in turn with it; the best round of each."""
    size = _QUICK if quick else Size()
    taken, peer = list[Taken](), list[float]()
    for _ in range(size.rounds):
        with embedded() as service:
            taken.append(from_post_to_picture(service.url, grid(size.side)))
        peer.append(optuna_peer.seconds_per_trial(size.optuna))
    best, trials = min(taken, key=lambda one: one.drawn), size.side**2
    ratio = min(peer) * trials / best.drawn
    absolute = f"Optuna {optuna_peer.VERSION}: {duration(min(peer))} a trial, {duration(min(peer) * trials)} in all"
    rows = [
        Row("POST to the end of the job", best.done, "s", _DONE_SECONDS),
        Row("POST to the heat map", best.drawn, "s", _WHOLE_SECONDS, "the first picture of a process"),
        Row("Optuna with SQLite over POST to the heat map", ratio, "×", _TIMES_OPTUNA, absolute),
    ]
    remark = (
        f"{size.side} × {size.side} exponents N1 and N2 of Adam with AYLA on the paper's polynomial, {STEPS} steps, "
        "one seed, on a fresh embedded service whose worker is idle. Optuna: a study in SQLite with the random sampler "
        f"and an objective that costs nothing, {size.optuna} trials, its time a trial times {trials:,}. In turn."
    )
    return Findings(rows, [Table(_COLUMNS, [_line(f"{size.side} × {size.side}", one) for one in taken])], [remark])


def large(*, quick: bool) -> Findings:
    """The large grid on a fresh service: time, memory of both processes, size of the store."""
    size = _QUICK if quick else Size()
    with embedded() as service:
        empty = service.store_bytes
        taken = from_post_to_picture(service.url, grid(size.large))
        store, peaks = service.store_bytes - empty, dict(service.peaks)
    trials = size.large**2
    rows = [
        Row("POST to the end of the job", taken.done, "s"),
        Row("POST to the heat map", taken.drawn, "s", _LARGE_SECONDS),
        Row("the heat map", taken.drawn - taken.done, "s", _PICTURE_SECONDS, "the first picture of the process"),
        *(Row(f"{what}: most memory", peak, "MB", _MEMORY_MB) for what, peak in sorted(peaks.items())),
        Row("store", store / trials, "bytes a trial", _BYTES, f"{store / 1e6:.3g} MB, write-ahead log included"),
    ]
    remark = f"{size.large:,} × {size.large:,} settings of the same, {trials:,} trials, on a fresh embedded service."
    return Findings(rows, [Table(_COLUMNS, [_line(f"{size.large} × {size.large}", taken)])], [remark])


def _line(name: str, taken: Taken) -> tuple[str, ...]:
    return (name, *(duration(value) for value in (taken.answered, taken.done, taken.drawn)))
