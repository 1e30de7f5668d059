"""Performance and data profiles, and ECDFs over many targets: the share that each optimizer solved, as steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla_service.comparison.distributions import percent
from ayla_service.comparison.profile_schemas import ProfileCurves, Profiles
from ayla_service.comparison.query import Cost
from ayla_service.figures.compared import Compared, profiles_of
from ayla_service.figures.data import Floats, drawable
from ayla_service.figures.legends import add_legend, add_nothing_yet, add_title, set_value_label
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


_COSTS: Mapping[Cost, str] = {"steps": "steps", "gradient_evaluations": "gradient evaluations", "seconds": "seconds"}


def render_performance(figure: Figure, data: Compared) -> None:
    """Draw the share solved within τ times the cost of the fastest."""
    profile = profiles_of(data)
    curves = {one.label: _steps(one.performance.tau, one.performance.share) for one in _curves(profile)}
    cost = _COSTS["steps" if profile is None else profile.cost]
    _render(figure, data, profile, curves, f"τ: {cost} as multiples of those of the fastest", _solved(data, profile))


def render_data(figure: Figure, data: Compared) -> None:
    """Draw the share solved within so much of the cost."""
    profile = profiles_of(data)
    curves = {one.label: _steps(one.data.cost, one.data.share) for one in _curves(profile)}
    cost = _COSTS["steps" if profile is None else profile.cost]
    _render(figure, data, profile, curves, cost, _solved(data, profile))


def render_ecdf(figure: Figure, data: Compared) -> None:
    """Draw the share of all targets that are reached within so much of the cost."""
    profile = profiles_of(data)
    curves = {one.label: _steps(one.ecdf.cost, one.ecdf.share) for one in _curves(profile)}
    cost = _COSTS["steps" if profile is None else profile.cost]
    _render(figure, data, profile, curves, cost, _targets(data, profile), "share of targets reached")


def _curves(profile: Profiles | None) -> Sequence[ProfileCurves]:
    return [] if profile is None else profile.curves


def _steps(places: Sequence[float], shares: Sequence[float]) -> Steps:
    return Steps(drawable(np.array(places, dtype=np.float64)), np.array(shares, dtype=np.float64))


def _render(
    figure: Figure,
    data: Compared,
    profile: Profiles | None,
    curves: Mapping[str, Steps],
    across: str,
    notes: Sequence[str],
    up: str = "share solved",
) -> None:
    add_title(figure, data.title)
    axes = figure.subplots()
    width = 0.85 * figure.get_figwidth()
    axes.set_xlabel("\n".join(broken(across, width, points_of("axes.labelsize"))))
    set_value_label(axes, up)
    axes.set_ylim(0, 1.03)
    reason = TOO_LONG if profile is None else profile.no_curves
    if reason or not curves:
        add_nothing_yet(axes, "\n".join(broken(reason or "", 2.5, points_of("axes.labelsize"))))
    ranked = sorted(curves, key=lambda label: -float(curves[label].shares.sum()))
    styles = data.styles(list(curves), ranked)
    draw_steps(axes, curves, styles, data.options.scale or AxisScale.AUTO)
    by_place = {data.labels.index(label): style for label, style in styles.items()}
    add_legend(figure, by_place, notes)


def draw_steps(axes: Axes, curves: Mapping[str, Steps], styles: Mapping[str, SettingStyle], scale: AxisScale) -> None:
    """Draw step functions, each from the left end of the axis to the right, which is that of the last of them."""
    everything = np.concatenate([np.array([]), *(steps.places for steps in curves.values())])
    everything = everything[everything > 0]
    start, end = (float(everything.min()), float(everything.max())) if len(everything) else (1.0, 2.0)
    start, end = (start, end * 1.05) if start < end else (start / 2, start * 2)
    by_ratio = is_log([everything], scale)
    if by_ratio:
        axes.set_xscale("log")
    (set_log_labels if by_ratio else set_linear_labels)(axes.xaxis)
    for label, steps in curves.items():
        places = np.concatenate([[start], steps.places, [end]])
        shares = np.concatenate([[0.0], steps.shares, steps.shares[-1:] if len(steps.shares) else [0.0]])
        axes.plot(places, shares, drawstyle="steps-post", **styles[label].line)
    axes.set_xlim(start, end)


def _solved(data: Compared, profile: Profiles | None) -> list[str]:
    if profile is None:
        return []
    goal = "at the target" if profile.tolerance is None else f"within {percent(profile.tolerance)} of the best value"
    return [f"solved: {goal}", *_instances(data, profile)]


def _targets(data: Compared, profile: Profiles | None) -> list[str]:
    if profile is None:
        return []
    how = "from the first to the best value" if profile.targets_from == "first_to_best" else "as asked for"
    return [f"{profile.targets} targets {how}" if profile.targets else "", *_instances(data, profile)]


def _instances(data: Compared, profile: Profiles) -> list[str]:
    of = "problems and seeds" if len(data.result.results) > 1 else "seeds"
    left_out = len(profile.left_out)
    return [
        f"of {profile.instances} {of}" if profile.instances else "",
        f"{left_out} optimizers left out, as they lack a result" if left_out else "",
    ]
