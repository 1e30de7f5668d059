"""The report of a run, as Markdown; the same text goes to standard output."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.recovery import Injury, Resumption
from tests.chaos.schedule import ON_A_WORKER, Kind
from tests.chaos.verification import Check, Finding

_SHOWN = 40

_RECOVERY = (
    "Seconds from the fault on. For a worker: until the shards that ran on it were back in the queue, and until they "
    "ran again somewhere, which is a matter of the queue too; jobs of low priority are left out. For a server: until "
    "something was written again (for an API: until it answered; for a full disk: from when it had room again)."
)


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run has found.

    Attributes:
        command: makes the same jobs and the same faults again.
        seconds: duration of each part of the run.
        jobs: how many of each kind ended in which state.
        attempts: by outcome.
        exits: how many processes of each kind ended with which status.
        messages: what the postman did.
        fenced: late writes that were refused, by the workers' logs.
        compared: trials compared bit for bit.
        disk: how the disk was made full.
    """

    seed: int
    command: str
    seconds: Mapping[str, float]
    jobs: Mapping[tuple[str, str], int]
    attempts: Mapping[str, int]
    injuries: Sequence[Injury]
    resumptions: Mapping[int, Sequence[Resumption]]
    exits: Mapping[tuple[str, int], int]
    messages: Mapping[str, int]
    fenced: int
    compared: int
    disk: str
    findings: Sequence[Finding] = field(default_factory=tuple)

    @property
    def passed(self) -> bool:
        """Whether every count is 0."""
        return not self.findings

    def markdown(self) -> str:
        """The whole report."""
        parts = [
            f"# Chaos, seed {self.seed}: {'nothing lost' if self.passed else 'FAILED'}",
            f"Again: `{self.command}`",
            _table(("what must be 0", "count"), self._zeros()),
            self._problems(),
            _table(("part", "seconds"), [(name, f"{value:.1f}") for name, value in self.seconds.items()]),
            _table(("jobs", "number", "ended"), self._jobs()),
            _table(
                ("fault", "injected", "until queued again: median, max", "until running: median, max"), self._faults()
            ),
            _RECOVERY,
            _table(("attempts", "number"), sorted(self.attempts.items())),
            _table(("processes ended", "status", "number"), [(*key, n) for key, n in sorted(self.exits.items())]),
            self._rest(),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _rest(self) -> str:
        carried = ", ".join(f"{number} {name}" for name, number in sorted(self.messages.items()))
        return (
            f"Late writes that were fenced: {self.fenced} (lines 'the lease was lost' in the workers' logs). "
            f"Trials compared bit for bit: {self.compared}. Wake-ups: {carried or 'none'}. Disk: {self.disk}."
        )

    def _zeros(self) -> list[tuple[object, ...]]:
        counts = Counter(finding.check for finding in self.findings)
        return [(check, f"**{counts[check]}**") for check in Check]

    def _problems(self) -> str:
        told = [f"- {finding.check}: {finding.what}" for finding in self.findings[:_SHOWN]]
        more = len(self.findings) - len(told)
        return "\n".join([*told, *([f"- and {more} more"] if more > 0 else [])])

    def _jobs(self) -> list[tuple[object, ...]]:
        kinds: dict[str, Counter[str]] = {}
        for (kind, state), number in sorted(self.jobs.items()):
            kinds.setdefault(kind, Counter())[state] += number
        rows: list[tuple[object, ...]] = [
            (kind, ends.total(), ", ".join(f"{number} {state}" for state, number in sorted(ends.items())))
            for kind, ends in kinds.items()
        ]
        return [*rows, ("all", sum(self.jobs.values()), "")]

    def _faults(self) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = []
        for kind in Kind:
            injuries = [injury for injury in self.injuries if injury.fault.kind is kind]
            if injuries:
                rows.append((kind, _count(injuries), *self._recovery(kind, injuries)))
        done = sum(injury.skipped is None for injury in self.injuries)
        return [*rows, ("all", done, "", "")]

    def _recovery(self, kind: Kind, injuries: Sequence[Injury]) -> tuple[str, str]:
        if kind not in ON_A_WORKER:
            return "", _spread(injury.recovered for injury in injuries if injury.recovered is not None)
        ended = [item for injury in injuries for item in self.resumptions.get(injury.fault.number, ())]
        return _spread(item.queued for item in ended), _spread(item.running for item in ended)


def _count(injuries: Sequence[Injury]) -> str:
    skipped = [injury.skipped for injury in injuries if injury.skipped is not None]
    idle = sum(injury.fault.kind in ON_A_WORKER and not injury.victims for injury in injuries)
    notes = [f"{len(skipped)} skipped: {skipped[0]}"] if skipped else []
    notes += [f"{idle} on an idle worker"] if idle else []
    told = f" ({', '.join(notes)})" if notes else ""
    return f"{len(injuries) - len(skipped)}{told}"


def _spread(values: Iterable[float]) -> str:
    found = list(values)
    return f"{statistics.median(found):.1f}, {max(found):.1f} (of {len(found)})" if found else "–"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
