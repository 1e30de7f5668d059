"""The claims of section 3.2: fitting a noisy quartic curve."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ayla.reproduce.claims import About, ClaimResult, Verdict, signed, verdict
from ayla.reproduce.experiment import VARIANTS, Experiment, Method, MethodRun

SECTION = "3.2"
LAST_EPOCH = 400
EARLY_EPOCH = 20
FIT_EPOCHS = (150, 400)

# The paper's values are read off figures; 10 % of the value is about what can be read there.
_READABLE = 0.1
# Partly is within 25 %, for Adam and AYLA alike.
_ROUGHLY = 0.25
# An MSE that stays moves less than this, up or down.
_STAYS = 0.01
# A fitted curve overshoots where it is above the true one by half the standard deviation of the noise.
_OVERSHOOT = 0.1


def curve_a_claims(experiment: Experiment) -> list[ClaimResult]:
    """Fig. 6 to 8: learning rate 0.01, N1 = 1.5, N2 = 1."""
    checks = (_drops_sharper, _reaches_early, _dampens, _fits_earlier, _overshoots)
    readings = [check(experiment, method) for check in checks for method in VARIANTS]
    return [_adam_ends_at(experiment.run(Method.PLAIN), paper=0.04), *readings]


def curve_b_claims(experiment: Experiment) -> list[ClaimResult]:
    """Fig. 9: learning rate 0.005, N1 = 1.8, N2 = 0.9."""
    plain = experiment.run(Method.PLAIN)
    of_adam = [_adam_is_at(plain, paper=0.15, by=100), _adam_stays_at(plain, paper=0.15)]
    return [*of_adam, *(check(experiment, method) for check in (_plummets, _ends_under) for method in VARIANTS)]


def _adam_ends_at(run: MethodRun, *, paper: float) -> ClaimResult:
    end = run.value_at("loss", LAST_EPOCH)
    return ClaimResult(
        id="curve-a-adam",
        experiment="curve-a",
        section=SECTION,
        figure="Fig. 6",
        claim=f"Adam's MSE is about {paper:g} at epoch {LAST_EPOCH}.",
        paper=f"≈ {paper:g}",
        measured={f"MSE at epoch {LAST_EPOCH}": end},
        criterion=f"Reproduced: within 10 % of {paper:g}. Partly: within 25 %.",
        verdict=_near(end, paper),
        note=f"Adam ends at {end:.4f}.",
        about=About.PLAIN,
        better=paper - end,
    )


def _adam_is_at(run: MethodRun, *, paper: float, by: int) -> ClaimResult:
    then = run.value_at("loss", by)
    return ClaimResult(
        id="curve-b-adam-early",
        experiment="curve-b",
        section=SECTION,
        figure="Fig. 9",
        claim=f"Adam's MSE is at {paper:g} at epoch {by}.",
        paper=f"{paper:g} at {by}",
        measured={f"MSE at epoch {by}": then},
        criterion=f"Reproduced: within 10 % of {paper:g} at epoch {by}. Partly: within 25 %.",
        verdict=_near(then, paper),
        note=f"Adam's MSE is {then:.4f} at epoch {by}.",
        about=About.PLAIN,
        better=paper - then,
    )


def _near(value: float, paper: float) -> Verdict:
    away = abs(value - paper)
    return verdict(reproduced=away <= _READABLE * paper, partly=away <= _ROUGHLY * paper)


def _relative(ratio: float, enough: float) -> Verdict:
    """Of a claim that AYLA is so many times lower than Adam; half of that reduction is partly."""
    return verdict(reproduced=ratio <= enough, partly=ratio <= (1 + enough) / 2)


def _over(ayla: float, adam: float) -> float:
    """The ratio; where both are 0 neither is lower."""
    if adam == 0:
        return 1.0 if ayla == 0 else math.inf
    return ayla / adam


def _adam_stays_at(run: MethodRun, *, paper: float) -> ClaimResult:
    middle = LAST_EPOCH // 2
    end, travel = run.value_at("loss", LAST_EPOCH), run.spread("loss", LAST_EPOCH - middle)
    away = abs(end - paper)
    return ClaimResult(
        id="curve-b-adam",
        experiment="curve-b",
        section=SECTION,
        figure="Fig. 9",
        claim=f"Adam's MSE stays at {paper:g}.",
        paper=f"{paper:g}",
        measured={f"MSE at epoch {LAST_EPOCH}": end, f"spread of the MSE from epoch {middle} on": travel},
        criterion=(
            f"Reproduced: within 10 % of {paper:g} at epoch {LAST_EPOCH}, and the highest and the lowest MSE of epochs "
            f"{middle} to {LAST_EPOCH} at most {_STAYS:g} apart. Partly: within 25 % at epoch {LAST_EPOCH}."
        ),
        verdict=verdict(reproduced=away <= _READABLE * paper and travel <= _STAYS, partly=away <= _ROUGHLY * paper),
        note=f"Adam ends at {end:.4f}; from epoch {middle} on its MSE stays within a span of {travel:.4f}.",
        about=About.PLAIN,
        better=paper - end,
    )


def _drops_sharper(experiment: Experiment, method: Method) -> ClaimResult:
    claim = "AYLA's initial drop is sharper than Adam's."
    return _early_drop(experiment, method, "curve-a-drop", "Fig. 6", claim, enough=0.9)


def _plummets(experiment: Experiment, method: Method) -> ClaimResult:
    claim = f"AYLA's MSE plummets within {EARLY_EPOCH} epochs."
    return _early_drop(experiment, method, "curve-b-plummets", "Fig. 9", claim, enough=0.5)


def _early_drop(
    experiment: Experiment, method: Method, name: str, figure: str, claim: str, *, enough: float
) -> ClaimResult:
    ayla = experiment.run(method).value_at("loss", EARLY_EPOCH)
    adam = experiment.run(Method.PLAIN).value_at("loss", EARLY_EPOCH)
    ratio = _over(ayla, adam)
    return ClaimResult(
        id=f"{name}-{method}",
        experiment=experiment.name,
        section=SECTION,
        figure=figure,
        claim=claim,
        paper=f"by {EARLY_EPOCH}",
        measured={
            f"AYLA's MSE over Adam's at epoch {EARLY_EPOCH}": ratio,
            f"MSE at epoch {EARLY_EPOCH}": ayla,
            "Adam's there": adam,
        },
        criterion=(
            f"Reproduced: at epoch {EARLY_EPOCH} AYLA's MSE is at most {enough:g} times Adam's. "
            f"Partly: at most {(1 + enough) / 2:g} times."
        ),
        verdict=_relative(ratio, enough),
        note=f"At epoch {EARLY_EPOCH} the MSE is {ayla:.4f} with AYLA and {adam:.4f} with Adam.",
        about=About.AYLA,
        reading=VARIANTS[method],
    )


def _dampens(experiment: Experiment, method: Method) -> ClaimResult:
    ayla, adam = experiment.run(method).upward_moves("loss"), experiment.run(Method.PLAIN).upward_moves("loss")
    ratio, enough = _over(ayla, adam), 0.9
    return ClaimResult(
        id=f"curve-a-fluctuations-{method}",
        experiment=experiment.name,
        section=SECTION,
        figure="Fig. 6",
        claim="AYLA dampens the fluctuations of the MSE.",
        paper="less than Adam",
        measured={"AYLA's moves up over Adam's": ratio, "sum of the MSE's moves up": ayla, "Adam's": adam},
        criterion=(
            "The sum of all moves of the MSE up from one epoch to the next. Reproduced: with AYLA at most "
            f"{enough:g} times Adam's. Partly: at most {(1 + enough) / 2:g} times."
        ),
        verdict=_relative(ratio, enough),
        note=f"The MSE moves up by {ayla:.4f} in all with AYLA, by {adam:.4f} with Adam.",
        about=About.AYLA,
        reading=VARIANTS[method],
    )


def _fits_earlier(experiment: Experiment, method: Method) -> ClaimResult:
    epoch = FIT_EPOCHS[0]
    ayla = distance_to_truth(experiment.run(method), epoch)
    adam = distance_to_truth(experiment.run(Method.PLAIN), epoch)
    ratio, enough = _over(ayla, adam), 0.5
    return ClaimResult(
        id=f"curve-a-fit-{method}",
        experiment=experiment.name,
        section=SECTION,
        figure="Fig. 7",
        claim=f"At epoch {epoch} AYLA's curve follows the true one, Adam's does not yet.",
        paper=f"at {epoch}",
        measured={
            f"AYLA's distance to the true curve over Adam's at epoch {epoch}": ratio,
            f"mean squared distance to the true curve at epoch {epoch}": ayla,
            "Adam's": adam,
        },
        criterion=(
            f"Reproduced: AYLA's mean squared distance is at most {enough:g} times Adam's. Partly: at most "
            f"{(1 + enough) / 2:g} times."
        ),
        verdict=_relative(ratio, enough),
        note=f"The mean squared distance to the true curve is {ayla:.4f} with AYLA and {adam:.4f} with Adam.",
        about=About.AYLA,
        reading=VARIANTS[method],
    )


def _overshoots(experiment: Experiment, method: Method) -> ClaimResult:
    ends = {epoch: _errors_at_ends(experiment.run(method), epoch) for epoch in FIT_EPOCHS}
    measured: dict[str, float | int | None] = {
        f"fitted less true value at x = {place}, epoch {epoch}": value
        for epoch, both in ends.items()
        for place, value in zip(("-1", "3"), both, strict=True)
    }
    adam = {epoch: _errors_at_ends(experiment.run(Method.PLAIN), epoch) for epoch in FIT_EPOCHS}
    above = [sum(value > _OVERSHOOT for value in both) for both in ends.values()]
    return ClaimResult(
        id=f"curve-a-extremes-{method}",
        experiment=experiment.name,
        section=SECTION,
        figure="Fig. 7, 8",
        claim="AYLA overshoots at the extremes.",
        paper="above the true curve",
        measured=measured,
        criterion=(
            f"Reproduced: at epoch {FIT_EPOCHS[0]} or {FIT_EPOCHS[1]} the fitted curve is above the true one by more "
            f"than {_OVERSHOOT:g} at both ends. Partly: at one end."
        ),
        verdict=verdict(reproduced=max(above) == len("-+"), partly=max(above) > 0),
        note=" ".join(_off_at_the_ends(epoch, ends[epoch], adam[epoch]) for epoch in FIT_EPOCHS),
        about=About.AYLA,
        reading=VARIANTS[method],
        leading=len("-+"),
    )


def _off_at_the_ends(epoch: int, ayla: tuple[float, float], adam: tuple[float, float]) -> str:
    """How far both curves are off the true one, and where AYLA is under it, but less than Adam."""
    both = " and ".join(
        f"{signed(mine)} at x = {place} (Adam's {signed(other)})"
        for place, mine, other in zip(("-1", "3"), ayla, adam, strict=True)
    )
    less = [place for place, mine, other in zip(("-1", "3"), ayla, adam, strict=True) if other < mine < 0]
    under = f" It undershoots less than Adam's at x = {' and '.join(less)}." if less else ""
    return f"At epoch {epoch} AYLA's curve is off the true one by {both}.{under}"


def _errors_at_ends(run: MethodRun, epoch: int) -> tuple[float, float]:
    errors = [*_errors(run, epoch)]
    return (errors[0], errors[-1]) if errors else (math.nan, math.nan)


def _reaches_early(experiment: Experiment, method: Method, *, paper: float = 0.025, by: int = 200) -> ClaimResult:
    run, adam_end = experiment.run(method), experiment.run(Method.PLAIN).value_at("loss", LAST_EPOCH)
    then, end = run.value_at("loss", by), run.value_at("loss", LAST_EPOCH)
    threshold, roughly = paper * (1 + _READABLE), paper * (1 + _ROUGHLY)
    overtakes = run.first_step("loss", lambda loss: loss <= adam_end)
    reaches = run.first_step("loss", lambda loss: loss <= threshold)
    return ClaimResult(
        id=f"curve-a-ayla-{method}",
        experiment="curve-a",
        section=SECTION,
        figure="Fig. 6",
        claim=f"AYLA's MSE is about {paper:g} by epoch {by}.",
        paper=f"≈ {paper:g} by {by}",
        measured={
            f"MSE at epoch {by}": then,
            f"MSE at epoch {LAST_EPOCH}": end,
            f"first epoch at {threshold:g} or below": reaches,
            "first epoch at Adam's final MSE or below": overtakes,
            "Adam's final MSE": adam_end,
        },
        criterion=(
            f"Reproduced: {threshold:g} or below (the paper's value and 10 %) at epoch {by}. "
            f"Partly: {roughly:g} or below (25 %)."
        ),
        verdict=verdict(reproduced=then <= threshold, partly=then <= roughly),
        note=_early_note(paper, by, run, adam_end, overtakes, reaches),
        about=About.AYLA,
        reading=VARIANTS[method],
    )


def _early_note(
    paper: float, by: int, run: MethodRun, adam_end: float, overtakes: int | None, reaches: int | None
) -> str:
    then, end = run.value_at("loss", by), run.value_at("loss", LAST_EPOCH)
    number = "" if reaches is not None else f" The paper's {paper:g} is not met at any epoch."
    ahead = (
        f"It passes Adam's final {adam_end:.4f} at epoch {overtakes}."
        if overtakes is not None
        else f"It never comes down to Adam's final {adam_end:.4f}."
    )
    return f"MSE {then:.4f} at epoch {by}, {end:.4f} at epoch {LAST_EPOCH}. {ahead}{number}"


def _ends_under(experiment: Experiment, method: Method, *, paper: float = 0.04) -> ClaimResult:
    run, adam_end = experiment.run(method), experiment.run(Method.PLAIN).value_at("loss", LAST_EPOCH)
    end, roughly = run.value_at("loss", LAST_EPOCH), paper * (1 + _ROUGHLY)
    first = run.first_step("loss", lambda loss: loss < paper)
    return ClaimResult(
        id=f"curve-b-ayla-{method}",
        experiment="curve-b",
        section=SECTION,
        figure="Fig. 9",
        claim=f"AYLA's MSE is under {paper:g} by epoch {LAST_EPOCH}.",
        paper=f"< {paper:g}",
        measured={
            f"MSE at epoch {LAST_EPOCH}": end,
            f"first epoch under {paper:g}": first,
            "Adam's final MSE": adam_end,
        },
        criterion=f"Reproduced: under {paper:g} at epoch {LAST_EPOCH}. Partly: under {roughly:g} (25 % more).",
        verdict=verdict(reproduced=end < paper, partly=end < roughly),
        note=f"MSE {end:.4f} at the end, Adam {adam_end:.4f}"
        + (f"; under {paper:g} first at epoch {first}." if first is not None else f"; never under {paper:g}."),
        about=About.AYLA,
        reading=VARIANTS[method],
    )


def distance_to_truth(run: MethodRun, step: int) -> float:
    """Mean squared distance between the fitted and the noise-free curve; NaN without that prediction."""
    squares = [error**2 for error in _errors(run, step)]
    return math.fsum(squares) / len(squares) if squares else math.nan


def _errors(run: MethodRun, step: int) -> Iterator[float]:
    """Fitted less true value at each point; nothing without that prediction."""
    column = f"prediction.{step}"
    if column in run.predictions:
        pairs = zip(run.predictions.numbers(column), run.predictions.numbers("truth"), strict=True)
        yield from (fitted - true for fitted, true in pairs)
