"""The claims of section 3.3: digits by a small network, figures 11 and 12."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ayla.reproduce.claims import About, ClaimResult, Control, OverSeeds, Verdict, signed, verdict
from ayla.reproduce.intervals import MedianInterval, median_interval
from ayla.reproduce.mnist import LOSSES, ORDERS, Arm, Curve, MnistExperiment, MnistRates, SeededCurves

SECTION = "3.3"

# What can be read off a figure: the accuracies of figure 11 go from 0 to 1, those of figure 12 lie close together.
_READABLE = {"Fig. 11": 0.02, "Fig. 12": 0.01}
# Partly is within so many times of it.
_ROUGHLY = 2.5
_EARLY = 2

_Seed = tuple[Curve, Curve]
"""Of one seed: the curve of the optimizer, and that of AYLA on it."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """The curves of the optimizer and of AYLA on it that a claim is about, with what they are of."""

    experiment: MnistExperiment
    arm: Arm
    seeds: Sequence[_Seed]

    @property
    def plain(self) -> Curve:
        """Of the optimizer: the median over the seeds."""
        return _median(plain for plain, _ in self.seeds)

    @property
    def ayla(self) -> Curve:
        """Of AYLA, likewise."""
        return _median(ayla for _, ayla in self.seeds)

    @property
    def near(self) -> float:
        """What can be read off the figure."""
        return _READABLE[self.experiment.figure]

    @property
    def roughly(self) -> float:
        """Within this a claim holds partly."""
        return _ROUGHLY * self.near

    def leads(self, epoch: int) -> list[float]:
        """By how much AYLA is ahead on each seed."""
        return [ayla.at(epoch) - plain.at(epoch) for plain, ayla in self.seeds]

    def lead(self, epoch: int) -> float:
        """The median of these."""
        return statistics.median(self.leads(epoch))

    def apart(self, epoch: int) -> float:
        """The median of their sizes."""
        return statistics.median(map(abs, self.leads(epoch)))

    def interval(self, epoch: int) -> MedianInterval | None:
        """Of the lead; None of one seed."""
        return median_interval(self.leads(epoch)) if len(self.seeds) > 1 else None

    def result(
        self,
        name: str,
        claim: str,
        paper: str,
        about: About,
        measured: dict[str, float | int | None],
        criterion: str,
        outcome: Verdict,
        needs: int,
        note: str,
        better: float | None = None,
    ) -> ClaimResult:
        """A result; one that needs more epochs than were run is not measured."""
        setting, epochs = self.experiment, min(self.plain.epochs, self.ayla.epochs)
        enough = epochs >= needs
        reading = [LOSSES[setting.loss], *([ORDERS[self.arm]] if about is About.AYLA else [])]
        return ClaimResult(
            id="-".join(
                [setting.preset, f"{setting.rate:g}", setting.loss, name, *([self.arm] if len(reading) > 1 else [])]
            ),
            experiment=setting.preset,
            section=SECTION,
            figure=setting.figure,
            claim=f"{claim} (learning rate {setting.rate:g}).",
            paper=paper,
            measured=measured if enough else dict.fromkeys(measured),
            criterion=criterion,
            verdict=outcome if enough else Verdict.NOT_MEASURED,
            note=note if enough else f"Only {epochs} epochs were run; the claim is about epoch {needs}.",
            about=about,
            reading=", ".join(reading),
            better=better if enough else None,
        )


Check = Callable[[_Pair], ClaimResult]


def _median(curves: Iterable[Curve]) -> Curve:
    return SeededCurves("", dict(enumerate(curves)), 0.0).median


def mnist_claims(experiment: MnistExperiment, rates: MnistRates | None) -> list[ClaimResult]:
    """Every claim about one optimizer at one rate, for both orders of the exponents: by the medians over the seeds.

    Args:
        experiment: what was run.
        rates: the optimizer at other rates with the same loss, for controls; None where they were not run.
    """
    of_plain, of_ayla = _CHECKS[experiment.preset, experiment.rate]
    arms = [(check, Arm.WRITTEN) for check in of_plain] + [(check, arm) for check in of_ayla for arm in ORDERS]
    return [_checked(experiment, check, arm, rates) for check, arm in arms]


def _checked(experiment: MnistExperiment, check: Check, arm: Arm, rates: MnistRates | None) -> ClaimResult:
    plain, ayla = experiment.arms[Arm.PLAIN], experiment.arms[arm]
    by_seed = {seed: (plain.by_seed[seed], ayla.by_seed[seed]) for seed in experiment.seeds}
    result, over_seeds = _over_seeds(experiment, check, arm, by_seed)
    if result.about is About.AYLA and experiment.is_plain(arm):
        return replace(result, verdict=Verdict.NOT_APPLICABLE, note=experiment.why_plain(arm))
    control = None if rates is None else _control(experiment, check, arm, rates, result.about)
    return replace(result, over_seeds=over_seeds, control=control)


def _over_seeds(
    experiment: MnistExperiment, check: Check, arm: Arm, by_seed: dict[int, _Seed]
) -> tuple[ClaimResult, OverSeeds | None]:
    """The result by the medians, and what it is on each of several seeds."""
    result = check(_Pair(experiment, arm, [*by_seed.values()]))
    if len(by_seed) == 1 or result.verdict is Verdict.NOT_MEASURED:
        return result, None
    each = {seed: check(_Pair(experiment, arm, [curves])) for seed, curves in by_seed.items()}
    return result, OverSeeds.of(each, apart=False)


def _control(experiment: MnistExperiment, check: Check, arm: Arm, rates: MnistRates, about: About) -> Control | None:
    """The optimizer at its best rate in the place of what the claim is about, on the seeds that both have."""
    plain = experiment.arms[Arm.PLAIN].by_seed
    by_seed = {
        seed: (curve if about is About.PLAIN else plain[seed], curve)
        for seed, curve in rates.best.by_seed.items()
        if seed in plain
    }
    return Control.of(rates.label, *_over_seeds(experiment, check, arm, by_seed)) if by_seed else None


def _plain_ends_at(paper: float, epoch: int) -> Check:
    def check(pair: _Pair) -> ClaimResult:
        end = pair.plain.at(epoch)
        away = abs(end - paper)
        return pair.result(
            "plain-end",
            f"{pair.experiment.base} is at about {paper:g} at epoch {epoch}",
            f"≈ {paper:g} at {epoch}",
            About.PLAIN,
            {f"test accuracy at epoch {epoch}": end},
            f"Reproduced: within {pair.near:g} of {paper:g}. Partly: within {pair.roughly:g}.",
            verdict(reproduced=away <= pair.near, partly=away <= pair.roughly),
            epoch,
            f"It is at {end:.4f}.",
            better=end - paper,
        )

    return check


def _reaches(paper: float, by: int, end: int) -> Check:
    """AYLA is where the paper's figure has the optimizer at the end, earlier."""

    def check(pair: _Pair) -> ClaimResult:
        base, own = pair.experiment.base, pair.plain.at(end)
        first, of_plain, then = pair.ayla.first(paper), pair.plain.first(paper), pair.ayla.at(by)
        overtakes = pair.ayla.first(own)
        sooner = first is not None and (of_plain is None or first < of_plain)
        return pair.result(
            "reaches",
            f"AYLA is at {paper:g}, where {base} is at epoch {end}, by epoch {by}",
            f"{paper:g} by {by}",
            About.AYLA,
            {
                f"first epoch at {paper:g}": first,
                f"test accuracy at epoch {by}": then,
                "the optimizer's first": of_plain,
                f"first epoch at the optimizer's own value at epoch {end}": overtakes,
            },
            f"Reproduced: {paper:g} is reached by epoch {by}. Partly: later, but before the optimizer without AYLA.",
            verdict(reproduced=first is not None and first <= by, partly=sooner),
            end,
            f"AYLA reaches {paper:g} {_at(first)}, {base} {_at(of_plain)}; at epoch {by} AYLA is at {then:.4f}. "
            f"What {base} itself has at epoch {end} here, {own:.4f}, AYLA reaches {_at(overtakes)}.",
        )

    return check


def _ends_at(paper: float, epoch: int) -> Check:
    def check(pair: _Pair) -> ClaimResult:
        end, plain = pair.ayla.at(epoch), pair.plain.at(epoch)
        away = abs(end - paper)
        return pair.result(
            "end",
            f"AYLA ends at about {paper:g}",
            f"≈ {paper:g} at {epoch}",
            About.AYLA,
            {f"test accuracy at epoch {epoch}": end, "the optimizer's": plain},
            f"Reproduced: within {pair.near:g} of {paper:g}. Partly: within {pair.roughly:g}.",
            verdict(reproduced=away <= pair.near, partly=away <= pair.roughly),
            epoch,
            f"AYLA ends at {end:.4f}, {pair.experiment.base} at {plain:.4f}.",
            better=end - paper,
        )

    return check


def _is_up_to(paper: float, by: int) -> Check:
    def check(pair: _Pair) -> ClaimResult:
        then, plain = pair.ayla.at(by), pair.plain.at(by)
        least, roughly = paper - pair.near, paper - pair.roughly
        return pair.result(
            f"by-{by}",
            f"AYLA is close to {paper:g} by epoch {by}",
            f"≈ {paper:g} by {by}",
            About.AYLA,
            {
                f"test accuracy at epoch {by}": then,
                "the optimizer's": plain,
                f"first epoch at {paper:g}": pair.ayla.first(paper),
            },
            f"Reproduced: at least {least:g} at epoch {by}. Partly: at least {roughly:g}.",
            verdict(reproduced=then >= least, partly=then >= roughly),
            by,
            f"At epoch {by} AYLA is at {then:.4f}, {pair.experiment.base} at {plain:.4f}.",
        )

    return check


def _plain_is_below(paper: float, epoch: int) -> Check:
    def check(pair: _Pair) -> ClaimResult:
        then, roughly = pair.plain.at(epoch), paper + pair.roughly
        return pair.result(
            "plain-early",
            f"{pair.experiment.base} is below {paper:g} at epoch {epoch}",
            f"< {paper:g} at {epoch}",
            About.PLAIN,
            {f"test accuracy at epoch {epoch}": then},
            f"Reproduced: below {paper:g}. Partly: below {roughly:g}.",
            verdict(reproduced=then < paper, partly=then < roughly),
            epoch,
            f"It is at {then:.4f}.",
        )

    return check


def _is_ahead_early(pair: _Pair) -> ClaimResult:
    base, lead, first = pair.experiment.base, pair.lead(_EARLY), pair.lead(1)
    interval = pair.interval(_EARLY)
    is_ahead = lead > 0 if interval is None else interval.low > 0
    return pair.result(
        "ahead",
        f"AYLA is ahead of {base} early",
        "ahead",
        About.AYLA,
        {f"lead at epoch {_EARLY}": lead, "lead at epoch 1": first},
        f"The median of the leads on each seed. Reproduced: at least {pair.near:g} at epoch {_EARLY}, with its whole "
        "interval, where there are several seeds, above 0. Partly: that interval above 0.",
        verdict(reproduced=is_ahead and lead >= pair.near, partly=is_ahead),
        _EARLY,
        f"At epoch 1 AYLA's accuracy less {base}'s is {signed(first)}, at epoch {_EARLY} {signed(lead)}.",
    )


def _ends_close(epoch: int) -> Check:
    def check(pair: _Pair) -> ClaimResult:
        ayla, plain, away = pair.ayla.at(epoch), pair.plain.at(epoch), pair.apart(epoch)
        return pair.result(
            "close",
            f"AYLA and {pair.experiment.base} are close at the end",
            "close",
            About.AYLA,
            {f"difference at epoch {epoch}": away, "AYLA's test accuracy": ayla, "the optimizer's": plain},
            f"The median of the differences on each seed. Reproduced: at most {pair.near:g} apart. Partly: at most "
            f"{pair.roughly:g}.",
            verdict(reproduced=away <= pair.near, partly=away <= pair.roughly),
            epoch,
            f"At epoch {epoch} AYLA is at {ayla:.4f}, {pair.experiment.base} at {plain:.4f}.",
            better=pair.lead(epoch),
        )

    return check


def _at(epoch: int | None) -> str:
    return "at no epoch" if epoch is None else f"at epoch {epoch}"


_CHECKS: dict[tuple[str, float], tuple[list[Check], list[Check]]] = {
    ("mnist-sgd", 1e-4): ([_plain_ends_at(0.85, 100)], [_reaches(0.85, 60, 100), _ends_at(0.9, 100)]),
    ("mnist-sgd", 2e-4): ([], [_is_up_to(0.9, 50), _ends_at(0.92, 100)]),
    ("mnist-adam", 1e-4): ([_plain_is_below(0.8, 2)], [_is_ahead_early, _ends_close(10)]),
    ("mnist-adam", 2e-4): ([], [_is_ahead_early, _is_up_to(0.95, 8), _ends_close(30)]),
}
"""The claims about the optimizer, and those about AYLA on it, of each experiment at each rate."""
