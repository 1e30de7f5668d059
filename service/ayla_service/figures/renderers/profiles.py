"""Performance and data profiles: the share of the problems and seeds that each optimizer solved, as steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla_service.comparison.distributions import percent
from ayla_service.comparison.profile_schemas import Profiles
from ayla_service.figures.compared import Compared, profiles_of
from ayla_service.figures.data import Floats
from ayla_service.figures.legends import add_legend, add_nothing_yet, add_title
from ayla_service.figures.looks import SettingStyle
from ayla_service.figures.options import AxisScale
from ayla_service.figures.scales import is_log, set_linear_labels, set_log_labels
from ayla_service.figures.texts import broken, points_of

TOO_LONG = "the recorded rows are too many to be read"


@dataclass(frozen=True, slots=True)
class Steps:
    """Step function of an optimizer.

    Attributes:
        places: where it grows, growing.
        shares: its values from there on.
    """

    places: Floats
    shares: Floats


def render_performance(figure: Figure, data: Compared) -> None:
    """Draw the share solved within τ times the steps of the fastest."""
    profile = profiles_of(data)
    curves = (
        {}
        if profile is None
        else {one.label: _steps(one.performance.tau, one.performance.share) for one in profile.curves}
    )
    _render(figure, data, profile, curves, "τ: steps as multiples of those of the fastest", from_one=True)


def render_data(figure: Figure, data: Compared) -> None:
    """Draw the share solved within so many steps."""
    profile = profiles_of(data)
    curves = {} if profile is None else {one.label: _steps(one.data.steps, one.data.share) for one in profile.curves}
    _render(figure, data, profile, curves, "steps", from_one=False)


def _steps(places: Sequence[float], shares: Sequence[float]) -> Steps:
    return Steps(np.array(places, dtype=np.float64), np.array(shares, dtype=np.float64))


def _render(
    figure: Figure,
    data: Compared,
    profile: Profiles | None,
    curves: Mapping[str, Steps],
    across: str,
    *,
    from_one: bool,
) -> None:
    add_title(figure, data.title)
    axes = figure.subplots()
    width = 0.85 * figure.get_figwidth()
    axes.set_xlabel("\n".join(broken(across, width, points_of("axes.labelsize"))))
    axes.set_ylabel("share solved")
    axes.set_ylim(0, 1.03)
    reason = TOO_LONG if profile is None else profile.no_curves
    if reason or not curves:
        add_nothing_yet(axes, "\n".join(broken(reason or "", 2.5, points_of("axes.labelsize"))))
    ranked = sorted(curves, key=lambda label: -float(curves[label].shares.sum()))
    styles = data.styles(list(curves), ranked)
    draw_steps(axes, curves, styles, data.options.scale or AxisScale.AUTO, from_one=from_one)
    by_place = {data.labels.index(label): style for label, style in styles.items()}
    add_legend(figure, by_place, _notes(profile, len(data.result.results)))


def draw_steps(
    axes: Axes, curves: Mapping[str, Steps], styles: Mapping[str, SettingStyle], scale: AxisScale, *, from_one: bool
) -> None:
    """Draw step functions, each to the right end of the axis, which is that of the last of them."""
    everything = np.concatenate([np.array([1.0]), *(steps.places for steps in curves.values())])
    start, end = (
        (1.0 if from_one else max(1.0, float(everything[1:].min(initial=np.inf)) * 0.8)),
        float(everything.max()),
    )
    start, end = (start, end * 1.05) if start < end else (1.0, 2.0)
    by_ratio = is_log([everything], scale)
    if by_ratio:
        axes.set_xscale("log")
    (set_log_labels if by_ratio else set_linear_labels)(axes.xaxis)
    for label, steps in curves.items():
        places = np.concatenate([[start], steps.places, [end]])
        shares = np.concatenate([[0.0], steps.shares, steps.shares[-1:] if len(steps.shares) else [0.0]])
        axes.plot(places, shares, drawstyle="steps-post", **styles[label].line)
    axes.set_xlim(start, end)


def _notes(profile: Profiles | None, problems: int) -> list[str]:
    if profile is None:
        return []
    of = "problems and seeds" if problems > 1 else "seeds"
    goal = "at the target" if profile.tolerance is None else f"within {percent(profile.tolerance)} of the best value"
    left_out = len(profile.left_out)
    return [
        f"solved: {goal}",
        f"of {profile.instances} {of}" if profile.instances else "",
        f"{left_out} optimizers left out, as they lack a result" if left_out else "",
    ]
