"""The claims of section 3.2: fitting a noisy quartic curve."""

from __future__ import annotations

import math

from ayla.reproduce.claims import ClaimResult, verdict
from ayla.reproduce.experiment import VARIANTS, Experiment, Method, MethodRun

SECTION = "3.2"
LAST_EPOCH = 400

# The paper's values are read off figures; 10 % of the value is about what can be read there.
_READABLE = 0.1
# An MSE that stays moves less than this, up or down.
_STAYS = 0.01


def curve_a_claims(experiment: Experiment) -> list[ClaimResult]:
    """Fig. 6: learning rate 0.01, N1 = 1.5, N2 = 1."""
    plain = experiment.run(Method.PLAIN)
    readings = [_reaches_early(experiment, method, paper=0.025, by=200) for method in VARIANTS]
    return [_adam_ends_at(plain, paper=0.04), *readings]


def curve_b_claims(experiment: Experiment) -> list[ClaimResult]:
    """Fig. 9: learning rate 0.005, N1 = 1.8, N2 = 0.9."""
    plain = experiment.run(Method.PLAIN)
    return [_adam_stays_at(plain, paper=0.15), *(_ends_under(experiment, method, paper=0.04) for method in VARIANTS)]


def _adam_ends_at(run: MethodRun, *, paper: float) -> ClaimResult:
    end = run.value_at("loss", LAST_EPOCH)
    away = abs(end - paper)
    return ClaimResult(
        id="curve-a-adam",
        experiment="curve-a",
        section=SECTION,
        figure="Fig. 6",
        claim=f"Adam's MSE is about {paper:g} at epoch {LAST_EPOCH}.",
        paper_value=paper,
        measured={f"MSE at epoch {LAST_EPOCH}": end},
        criterion=f"Reproduced: within 10 % of {paper:g}. Partly: within 25 %.",
        verdict=verdict(reproduced=away <= _READABLE * paper, partly=away <= 0.25 * paper),
        note=f"Adam ends at {end:.4f}.",
    )


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
        paper_value=paper,
        measured={f"MSE at epoch {LAST_EPOCH}": end, f"spread of the MSE from epoch {middle} on": travel},
        criterion=(
            f"Reproduced: within 10 % of {paper:g} at epoch {LAST_EPOCH}, and the highest and the lowest MSE of epochs "
            f"{middle} to {LAST_EPOCH} at most {_STAYS:g} apart. Partly: within 25 % at epoch {LAST_EPOCH}."
        ),
        verdict=verdict(reproduced=away <= _READABLE * paper and travel <= _STAYS, partly=away <= 0.25 * paper),
        note=f"Adam ends at {end:.4f}; from epoch {middle} on its MSE stays within a span of {travel:.4f}.",
    )


def _reaches_early(experiment: Experiment, method: Method, *, paper: float, by: int) -> ClaimResult:
    run, adam_end = experiment.run(method), experiment.run(Method.PLAIN).value_at("loss", LAST_EPOCH)
    then, end = run.value_at("loss", by), run.value_at("loss", LAST_EPOCH)
    threshold = paper * (1 + _READABLE)
    overtakes = run.first_step("loss", lambda loss: loss <= adam_end)
    reaches = run.first_step("loss", lambda loss: loss <= threshold)
    return ClaimResult(
        id=f"curve-a-ayla-{method}",
        experiment="curve-a",
        section=SECTION,
        figure="Fig. 6",
        claim=f"AYLA's MSE is about {paper:g} by epoch {by} (AYLA {VARIANTS[method]}).",
        paper_value=paper,
        measured={
            f"MSE at epoch {by}": then,
            f"MSE at epoch {LAST_EPOCH}": end,
            f"first epoch at {threshold:g} or below": reaches,
            "first epoch at Adam's final MSE or below": overtakes,
            "Adam's final MSE": adam_end,
        },
        criterion=(
            f"Reproduced: {threshold:g} or below (the paper's value and 10 %) at epoch {by}. "
            f"Partly: at epoch {by} below Adam's MSE at epoch {LAST_EPOCH}."
        ),
        verdict=verdict(reproduced=then <= threshold, partly=then < adam_end),
        note=_early_note(paper, by, run, adam_end, overtakes, reaches),
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


def _ends_under(experiment: Experiment, method: Method, *, paper: float) -> ClaimResult:
    run, adam_end = experiment.run(method), experiment.run(Method.PLAIN).value_at("loss", LAST_EPOCH)
    end = run.value_at("loss", LAST_EPOCH)
    first = run.first_step("loss", lambda loss: loss < paper)
    return ClaimResult(
        id=f"curve-b-ayla-{method}",
        experiment="curve-b",
        section=SECTION,
        figure="Fig. 9",
        claim=f"AYLA's MSE is under {paper:g} by epoch {LAST_EPOCH} (AYLA {VARIANTS[method]}).",
        paper_value=paper,
        measured={
            f"MSE at epoch {LAST_EPOCH}": end,
            f"first epoch under {paper:g}": first,
            "Adam's final MSE": adam_end,
        },
        criterion=f"Reproduced: under {paper:g} at epoch {LAST_EPOCH}. Partly: under half of Adam's MSE there.",
        verdict=verdict(reproduced=end < paper, partly=end < adam_end / 2),
        note=f"MSE {end:.4f} at the end, Adam {adam_end:.4f}"
        + (f"; under {paper:g} first at epoch {first}." if first is not None else f"; never under {paper:g}."),
    )


def distance_to_truth(run: MethodRun, step: int) -> float:
    """Mean squared distance between the fitted and the noise-free curve; NaN without that prediction."""
    column = f"prediction.{step}"
    if column not in run.predictions:
        return math.nan
    pairs = zip(run.predictions.numbers(column), run.predictions.numbers("truth"), strict=True)
    squares = [(fitted - true) ** 2 for fitted, true in pairs]
    return math.fsum(squares) / len(squares)
