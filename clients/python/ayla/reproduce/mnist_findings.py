"""Which reading of section 3.3 gives which of its figures: sentences from what was measured."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from ayla.reproduce.claims import About, ClaimResult, Verdict
from ayla.reproduce.mnist import LOSSES, Arm, MnistExperiment

# Of figure 11: learning rate, epoch and test accuracy of AYLA.
_FIGURE_11 = ((1e-4, 60, 0.85), (1e-4, 100, 0.9), (2e-4, 50, 0.9), (2e-4, 100, 0.92))
_SGD_END = (1e-4, 100, 0.85)


def findings(preset: str, experiments: Sequence[MnistExperiment], claims: Sequence[ClaimResult]) -> list[str]:
    """Of one optimizer; of what was not measured nothing is said.

    Args:
        preset: "mnist-sgd" or "mnist-adam".
        experiments: all of section 3.3.
        claims: all of the report.
    """
    mine = [experiment for experiment in experiments if experiment.preset == preset]
    own = _of_sgd(mine) if preset == "mnist-sgd" else _of_adam([one for one in claims if one.experiment == preset])
    return [*own, *_both_figures(claims)]


def _of_sgd(experiments: Sequence[MnistExperiment]) -> Iterator[str]:
    rate, epoch, paper = _SGD_END
    ends = {
        LOSSES[one.loss]: one.arms[Arm.PLAIN].median.at(epoch)
        for one in experiments
        if one.rate == rate and one.epochs >= epoch
    }
    if ends:
        told = ", ".join(f"with {loss} {end:.2f}" for loss, end in ends.items())
        yield f"SGD at epoch {epoch}, learning rate {rate:g}: {told}; Figure 11 has {paper:g}."
    away = _distances(experiments)
    if len(away) > 1:
        nearest, *others = sorted(away, key=lambda reading: away[reading])
        told = ", ".join(f"{reading} ({away[reading]:.3f})" for reading in others)
        yield (
            f"Nearest to Figure 11 is {nearest}: its mean distance from the figure's {len(_FIGURE_11)} values of AYLA "
            f"is {away[nearest]:.3f}. The others: {told}."
        )


def _distances(experiments: Sequence[MnistExperiment]) -> dict[str, float]:
    """Mean distance of AYLA from the values of figure 11 by reading, of those that ran to its end."""
    found = {}
    for loss in {one.loss: None for one in experiments}:
        by_rate = {one.rate: one for one in experiments if one.loss == loss}
        if all(rate in by_rate and by_rate[rate].epochs >= epoch for rate, epoch, _ in _FIGURE_11):
            for arm in (Arm.WRITTEN, Arm.REVERSED):
                if not all(one.is_plain(arm) for one in by_rate.values()):
                    ends = [abs(by_rate[rate].arms[arm].median.at(epoch) - paper) for rate, epoch, paper in _FIGURE_11]
                    found[by_rate[_FIGURE_11[0][0]].reading(arm)] = statistics.mean(ends)
    return found


def _of_adam(claims: Sequence[ClaimResult]) -> Iterator[str]:
    """Which readings have AYLA ahead early, at every learning rate."""
    early: dict[str, list[Verdict]] = {}
    for result in claims:
        if "-ahead-" in result.id and result.verdict not in (Verdict.NOT_APPLICABLE, Verdict.NOT_MEASURED):
            early.setdefault(result.reading, []).append(result.verdict)
    if early:
        ahead = [reading for reading, found in early.items() if {*found} == {Verdict.REPRODUCED}]
        which = f"only with {' and '.join(ahead)}" if ahead else "with none of them"
        yield f"Of the readings in which AYLA is not Adam alone, AYLA is ahead early, as in Figure 12, {which}."


def _both_figures(claims: Sequence[ClaimResult]) -> Iterator[str]:
    """Which reading has no claim about AYLA that is not reproduced, for each figure and for both."""
    verdicts: dict[str, dict[str, list[Verdict]]] = {"Fig. 11": {}, "Fig. 12": {}}
    for result in claims:
        if result.figure in verdicts and result.about is About.AYLA:
            verdicts[result.figure].setdefault(result.reading, []).append(result.verdict)
    if any(Verdict.NOT_MEASURED in found for each in verdicts.values() for found in each.values()):
        return
    if not all(verdicts.values()):
        return
    good = {
        figure: [reading for reading, found in each.items() if {*found} <= {Verdict.REPRODUCED, Verdict.PARTLY}]
        for figure, each in verdicts.items()
    }
    both = [reading for reading in good["Fig. 11"] if reading in good["Fig. 12"]]
    told = "; ".join(f"{figure}: {' and '.join(found) or 'none'}" for figure, found in good.items())
    yield (
        f"Readings in which every claim about AYLA holds, at least partly: {told}. "
        + (f"Both figures are given by {' and '.join(both)}." if both else "No single reading gives both figures.")
    )
