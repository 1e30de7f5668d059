"""What figures of arms have in common: a panel for each problem, and the looks of the arms."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ayla_service.figures.compared import Compared
from ayla_service.figures.looks import SettingStyle, styles_at

_INCHES_OF_PANEL = 2.6


def panels(figure: Figure, data: Compared) -> list[Axes]:
    """Axes for every problem; of a figure whose height was not asked for each row has its own."""
    count = len(data.problems)
    columns = max(1, min(count, int(figure.get_figwidth() / _INCHES_OF_PANEL)))
    rows = -(-count // columns)
    if data.options.height is None:
        figure.set_figheight(min(12.0, figure.get_figheight() * (0.4 + 0.6 * rows)))
    grid = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in grid[count:]:
        axes.set_axis_off()
    return grid[:count]


def arm_styles(names: Sequence[str]) -> dict[str, SettingStyle]:
    """The style of each arm, by its place among them."""
    labels = dict(enumerate(dict.fromkeys(names)))
    styles = styles_at(labels, set(labels))
    return {name: styles[place] for place, name in labels.items()}
