"""The claims of section 3.3: digits by a small network, figures 11 and 12."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from ayla.reproduce.claims import About, ClaimResult, Control, OverSeeds, Verdict, verdict
from ayla.reproduce.mnist import LOSSES, ORDERS, Arm, Curve, MnistExperiment, MnistRates

SECTION = "3.3"

# The paper's values are read off figures.
_READABLE = 0.02
_ROUGHLY = 0.05
_SHORT = 0.01
_FAR_SHORT = 0.03
_AHEAD = 0.01
_EARLY = 2


@dataclass(frozen=True, slots=True)
class _Pair:
    """The curves of the optimizer and of AYLA on it that a claim is about, with what they are of."""

    experiment: MnistExperiment
    arm: Arm
    plain: Curve
    ayla: Curve

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
    ) -> ClaimResult:
        """A result; one that needs more epochs than were run is not measured."""
        setting = self.experiment
        enough = setting.epochs >= needs
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
            note=note if enough else f"Only {setting.epochs} epochs were run; the claim is about epoch {needs}.",
            about=about,
            reading=", ".join(reading),
        )


Check = Callable[[_Pair], ClaimResult]


def mnist_claims(experiment: MnistExperiment, rates: MnistRates | None) -> list[ClaimResult]:
    """Every claim about one optimizer at one rate, for both orders of the exponents: by the medians over the seeds.

    Args:
        experiment: what was run.
        rates: the optimizer at other rates, for controls; None where they were not run.
    """
    of_plain, of_ayla = _CHECKS[experiment.preset, experiment.rate]
    arms = [(check, Arm.WRITTEN) for check in of_plain] + [(check, arm) for check in of_ayla for arm in ORDERS]
    return [_checked(experiment, check, arm, rates) for check, arm in arms]


def _checked(experiment: MnistExperiment, check: Check, arm: Arm, rates: MnistRates | None) -> ClaimResult:
    plain, ayla = experiment.arms[Arm.PLAIN], experiment.arms[arm]
    result = check(_Pair(experiment, arm, plain.median, ayla.median))
    each = [check(_Pair(experiment, arm, plain.by_seed[seed], ayla.by_seed[seed])) for seed in experiment.seeds]
    is_over_seeds = len(each) > 1 and result.verdict is not Verdict.NOT_MEASURED
    over_seeds = OverSeeds.of(each, apart=False) if is_over_seeds else None
    return replace(result, over_seeds=over_seeds, control=_control(experiment, check, arm, rates))


def _control(experiment: MnistExperiment, check: Check, arm: Arm, rates: MnistRates | None) -> Control | None:
    """The optimizer at its best rate, which is fast enough to be measured at its last epoch where it ran for fewer."""
    if rates is None:
        return None
    curve = rates.best.median
    padded = Curve(curve.accuracies + (curve.accuracies[-1],) * max(0, experiment.paper_epochs - curve.epochs))
    plain = experiment.arms[Arm.PLAIN].median
    plain = Curve(plain.accuracies + (math.nan,) * max(0, experiment.paper_epochs - plain.epochs))
    about = check(_Pair(experiment, arm, plain, plain)).about
    pair = _Pair(experiment, arm, padded if about is About.PLAIN else plain, padded)
    complete = replace(experiment, arms={Arm.PLAIN: replace(rates.best, by_seed={0: padded})})
    result = check(replace(pair, experiment=complete))
    name, value = next(iter(result.measured.items()))
    return Control(rates.best.label, name, value, result.verdict)


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
            f"Reproduced: within {_READABLE:g} of {paper:g}. Partly: within {_ROUGHLY:g}.",
            verdict(reproduced=away <= _READABLE, partly=away <= _ROUGHLY),
            epoch,
            f"It is at {end:.4f}.",
        )

    return check


def _reaches(paper: float, by: int, end: int) -> Check:
    """AYLA has the accuracy that the optimizer has at the end, earlier."""

    def check(pair: _Pair) -> ClaimResult:
        first, of_plain, then = pair.ayla.first(paper), pair.plain.first(paper), pair.ayla.at(by)
        sooner = first is not None and (of_plain is None or first < of_plain)
        return pair.result(
            "reaches",
            f"AYLA has the accuracy of {pair.experiment.base} at epoch {end}, {paper:g}, by epoch {by}",
            f"{paper:g} by {by}",
            About.AYLA,
            {
                f"first epoch at {paper:g}": first,
                f"test accuracy at epoch {by}": then,
                "the optimizer's first": of_plain,
            },
            f"Reproduced: {paper:g} is reached by epoch {by}. Partly: later, but before the optimizer without AYLA.",
            verdict(reproduced=first is not None and first <= by, partly=sooner),
            end,
            f"AYLA reaches {paper:g} {_at(first)}, {pair.experiment.base} {_at(of_plain)}; at epoch "
            f"{by} AYLA is at {then:.4f}.",
        )

    return check


def _ends_at(paper: float, epoch: int) -> Check:
    def check(pair: _Pair) -> ClaimResult:
        end, plain = pair.ayla.at(epoch), pair.plain.at(epoch)
        return pair.result(
            "end",
            f"AYLA ends at about {paper:g}",
            f"≈ {paper:g} at {epoch}",
            About.AYLA,
            {f"test accuracy at epoch {epoch}": end, "the optimizer's": plain},
            f"Reproduced: within {_SHORT:g} of {paper:g}. Partly: within {_FAR_SHORT:g}.",
            verdict(reproduced=abs(end - paper) <= _SHORT, partly=abs(end - paper) <= _FAR_SHORT),
            epoch,
            f"AYLA ends at {end:.4f}, {pair.experiment.base} at {plain:.4f}.",
        )

    return check


def _is_up_to(paper: float, by: int) -> Check:
    def check(pair: _Pair) -> ClaimResult:
        then, plain = pair.ayla.at(by), pair.plain.at(by)
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
            f"Reproduced: at least {paper - _SHORT:g} at epoch {by}. Partly: at least {paper - _FAR_SHORT:g}.",
            verdict(reproduced=then >= paper - _SHORT, partly=then >= paper - _FAR_SHORT),
            by,
            f"At epoch {by} AYLA is at {then:.4f}, {pair.experiment.base} at {plain:.4f}.",
        )

    return check


def _plain_is_below(paper: float, epoch: int) -> Check:
    def check(pair: _Pair) -> ClaimResult:
        then = pair.plain.at(epoch)
        return pair.result(
            "plain-early",
            f"{pair.experiment.base} is below {paper:g} at epoch {epoch}",
            f"< {paper:g} at {epoch}",
            About.PLAIN,
            {f"test accuracy at epoch {epoch}": then},
            f"Reproduced: below {paper:g}. Partly: below {paper + _ROUGHLY:g}.",
            verdict(reproduced=then < paper, partly=then < paper + _ROUGHLY),
            epoch,
            f"It is at {then:.4f}.",
        )

    return check


def _is_ahead_early(pair: _Pair) -> ClaimResult:
    lead = pair.ayla.at(_EARLY) - pair.plain.at(_EARLY)
    first = pair.ayla.at(1) - pair.plain.at(1)
    return pair.result(
        "ahead",
        f"AYLA is ahead of {pair.experiment.base} early",
        "ahead",
        About.AYLA,
        {f"lead at epoch {_EARLY}": lead, "lead at epoch 1": first},
        f"Reproduced: ahead by at least {_AHEAD:g} at epoch {_EARLY}. Partly: ahead there at all.",
        verdict(reproduced=lead >= _AHEAD, partly=lead > 0),
        _EARLY,
        f"At epoch 1 AYLA's accuracy less {pair.experiment.base}'s is {first:+.4f}, at epoch {_EARLY} {lead:+.4f}.",
    )


def _ends_close(epoch: int) -> Check:
    def check(pair: _Pair) -> ClaimResult:
        ayla, plain = pair.ayla.at(epoch), pair.plain.at(epoch)
        away = abs(ayla - plain)
        return pair.result(
            "close",
            f"AYLA and {pair.experiment.base} are close at the end",
            "close",
            About.AYLA,
            {f"difference at epoch {epoch}": away, "AYLA's test accuracy": ayla, "the optimizer's": plain},
            f"Reproduced: at most {_SHORT:g} apart. Partly: at most {_FAR_SHORT:g}.",
            verdict(reproduced=away <= _SHORT, partly=away <= _FAR_SHORT),
            epoch,
            f"At epoch {epoch} AYLA is at {ayla:.4f}, {pair.experiment.base} at {plain:.4f}.",
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
