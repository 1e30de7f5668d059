"""Pictures of every kind of figure, from made-up results without any random number, for the baseline images.

``python -m tests.figures.pictures FOLDER`` draws them all, for people to look at; without a folder it draws the
baseline images again, each of which has to be looked at before it is committed.
"""

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from ayla_service.figures.availability import FigureJob
from ayla_service.figures.cells import heat_map_of, values_of
from ayla_service.figures.data import Columns, FigureData, FittedCurves, SettingData
from ayla_service.figures.drawing import Render, to_file
from ayla_service.figures.line_plots import line_plot
from ayla_service.figures.options import AxisScale, CellValue, FigureOptions, Form, Kind, Style
from ayla_service.figures.renderers import curve, heatmap, landscape, lines
from ayla_service.figures.renderers.lines import LinePlot, Panel
from ayla_spec import JobSpec, resolve
from PIL import Image

from tests.factories import spec
from tests.figures.compared_pictures import COMPARED
from tests.figures.figure_samples import figure_data, noise, run, setting

BASELINE = Path(__file__).parent / "baseline"

SIZES = {3.3: 100, 8.0: 50}
"""Widths in inches, with the pixels per inch of the baseline images: enough to see what moved, and small files."""

PLAIN, AYLA = "Adam lr=0.001", "AYLA-Adam lr=0.001 N1=1.5 N2=0.8"
LABELS = (PLAIN, AYLA, "SGD lr=0.1 momentum=0.9", "AYLA-SGD lr=0.1 momentum=0.9 N1=1.2 N2=1")


def descent(count: int, pace: float, seed: int) -> list[float]:
    """A noisy way down."""
    return list(np.exp(-pace * np.arange(count) / count + 0.35 * noise(count, seed)) + 2e-4)


def _sgd(place: int) -> dict[str, object]:
    return {"ayla": {"n1": 1.2, "n2": 1.0} if place % 2 else None}


def courses(count: int = 300) -> FigureData:
    """Losses of four optimizers on five seeds, one of which diverged."""
    made = []
    for place, label in enumerate(LABELS):
        runs = [run(seed, loss=descent(count, 4.0 + place, seed + 5 * place)) for seed in range(5)]
        if place == 3:
            runs[4] = run(4, loss=[2.0, 40.0, 4e6, np.inf], diverged=True)
        made.append(setting(place, *runs, label=label, final=1.0 / (place + 1), **_sgd(place)))
    return figure_data(*made)


def loss(title: str) -> Render:
    panel = Panel("loss", "loss", worst=np.inf)
    return partial(lines.render, lines=LinePlot(title, [panel], "step", scale=AxisScale.AUTO), data=courses())


def loss_smoothed(title: str) -> Render:
    panel = Panel("loss", "loss", worst=np.inf)
    plot = LinePlot(title, [panel], "step", scale=AxisScale.AUTO, smooth=15)
    return partial(lines.render, lines=plot, data=courses())


def loss_of_many(title: str) -> Render:
    some = [
        setting(
            place,
            run(loss=descent(200, 1.0 + place / 4, place)),
            label=f"SGD lr={0.01 * (place + 1):.2g}",
            final=-place,
        )
        for place in range(30)
    ]
    plot = LinePlot(title, [Panel("loss", "loss", worst=np.inf)], "step", scale=AxisScale.LOG)
    return partial(lines.render, lines=plot, data=figure_data(*some))


def accuracy(title: str) -> Render:
    made = []
    for place, label in enumerate(LABELS[:3]):
        epochs = np.arange(1, 9)
        runs = [
            run(
                seed,
                train_accuracy=list(1 - 0.5 / (epochs + place) + 0.01 * noise(8, seed + place)),
                test_accuracy=list(0.95 - 0.5 / (epochs + place) + 0.02 * noise(8, seed)),
            )
            for seed in range(3)
        ]
        made.append(setting(place, *runs, label=label))
    panels = [
        Panel(f"{part}_accuracy", "accuracy", worst=-np.inf, heading=f"{part} part") for part in ("train", "test")
    ]
    plot = LinePlot(title, panels, "epoch", columns=2, same_values=True)
    return partial(lines.render, lines=plot, data=figure_data(*made))


def epochs(title: str, width: float = 8.0) -> Render:
    made = []
    for place, label in enumerate(LABELS[:3]):
        count = np.arange(1, 13)
        runs = [
            run(
                seed,
                full_train_loss=list(2 * np.exp(-0.3 * (place + 1) * count) + 0.01 + 0.004 * noise(12, seed + place)),
                test_loss=list(1.8 * np.exp(-0.3 * (place + 1) * count) + 0.08 + 0.02 * noise(12, seed)),
            )
            for seed in range(3)
        ]
        made.append(setting(place, *runs, label=label))
    data, options = figure_data(*made), FigureOptions(width=width)
    problem = {"type": "dataset", "dataset": {"name": "digits"}, "model": {"name": "linear"}}
    job = FigureJob("1", None, resolve(JobSpec.model_validate(spec(problem=problem, budget={"epochs": 12}))))
    return partial(lines.render, lines=line_plot(job, Kind.EPOCHS, title, options, data), data=data)


def effective_lr(title: str) -> Render:
    made = [
        setting(
            place,
            run(effective_lr=list(0.1 * np.cos(np.arange(120) / (8 + place)) * 0.98 ** np.arange(120))),
            label=label,
        )
        for place, label in enumerate(LABELS[:2])
    ]
    plot = LinePlot(title, [Panel("effective_lr", "effective learning rate")], "step", scale=AxisScale.AUTO)
    return partial(lines.render, lines=plot, data=figure_data(*made))


def parameters(title: str) -> Render:
    made = [
        setting(
            place,
            run(x=list(1e6 * (1 - 0.9 ** np.arange(12))), y=list(np.cos(np.arange(12) / (2 + place)))),
            label=label,
        )
        for place, label in enumerate(LABELS[:2])
    ]
    plot = LinePlot(title, [Panel("param.x", "x"), Panel("param.y", "y")], "step", columns=2)
    return partial(lines.render, lines=plot, data=figure_data(*made))


def landscape_line(title: str) -> Render:
    places = np.linspace(-2.0, 3.0, 400)
    made = []
    for place, label in enumerate(LABELS[:2]):
        x = -1.6 + (2.6 + place / 2) * (1 - np.exp(-np.arange(25) / 6))
        ayla = {"n1": 1.5, "n2": 0.8} if place else None
        made.append(setting(place, run(x=list(x), loss=list(x**2 * (x - 2) ** 2 / 3)), label=label, ayla=ayla))
    line = landscape.ObjectiveLine(title, "x", places, places**2 * (places - 2) ** 2 / 3)
    return partial(landscape.render_line, line=line, data=figure_data(*made))


def landscape_plane(title: str) -> Render:
    across, up = np.linspace(-2, 2, 120), np.linspace(-1, 3, 120)
    grid_x, grid_y = np.meshgrid(across, up)
    heights = (1 - grid_x) ** 2 + 100 * (grid_y - grid_x**2) ** 2
    made = []
    for place, label in enumerate(LABELS[:3]):
        x = -1.5 + (2 + place / 4) * (1 - np.exp(-np.arange(60) / 15))
        made.append(
            setting(place, run(x=list(x), y=list(x**2 + 0.5 * np.exp(-np.arange(60) / (5 + 4 * place)))), label=label)
        )
    plane = landscape.ObjectivePlane(title, ("x", "y"), across, up, heights)
    return partial(landscape.render_plane, plane=plane, data=figure_data(*made))


def fitted_curves(title: str) -> Render:
    x = np.linspace(0, 1, 60)
    truth = np.sin(6 * x)
    columns: dict[tuple[int, int], Columns] = {
        (step, place): {
            "x": x,
            "prediction": truth * (1 - np.exp(-step * (1 + place) / 300)),
            "target": truth + 0.15 * noise(60, 1),
            "truth": truth,
        }
        for step in (50, 200, 1000)
        for place in (0, 1)
    }
    data = figure_data(setting(0, label=LABELS[0]), setting(1, label=LABELS[1]))
    return partial(
        curve.render, title=title, data=FigureData(data.settings, 1, 1, FittedCurves([50, 200, 1000], columns))
    )


def _sweep() -> FigureData:
    rates, exponents = (0.001, 0.003, 0.01, 0.03, 0.1), (0.8, 1.0, 1.5)
    made: list[SettingData] = []
    for name in ("sgd", "adam"):
        for rate in rates:
            for exponent in (None, *exponents):
                loss = 0.02 + abs(np.log10(rate) + 2 - 0.5 * (exponent or 1)) ** 2 * (1.5 if name == "sgd" else 1.0)
                ayla = None if exponent is None else {"n1": exponent, "n2": 1.0}
                is_wild = rate == 0.1 and exponent == 1.5
                runs = [run(seed, loss=[loss], diverged=is_wild) for seed in range(4)]
                made.append(setting(len(made), *runs, final=loss, name=name, learning_rate=rate, ayla=ayla))
    return figure_data(*made)


def heat_map(title: str) -> Render:
    data = _sweep()
    made = heat_map_of(data.settings, "learning_rate", "ayla.n1", values_of(data.settings, CellValue.FINAL_LOSS))
    return partial(
        heatmap.render,
        title=title,
        heat_map=made,
        scale=AxisScale.AUTO,
        notes=["median over 4 seeds"],
    )


EARLIER: dict[str, Callable[[str], Render]] = {
    "loss": loss,
    "loss-smoothed": loss_smoothed,
    "loss-of-many": loss_of_many,
    "accuracy": accuracy,
    "epochs": epochs,
    "effective-lr": effective_lr,
    "x": parameters,
    "landscape-1": landscape_line,
    "landscape-2": landscape_plane,
    "curve": fitted_curves,
    "heatmap": heat_map,
}
WAYS = ((Style.SCREEN, 8.0), (Style.PAPER, 3.3), (Style.SCREEN, 3.3), (Style.PAPER, 8.0))


def cases() -> Iterator[tuple[str, Render, FigureOptions]]:
    """Name, renderer and options of each image: on a screen 8 inches wide and in a column; of comparisons both ways."""
    for style, width in WAYS:
        options = FigureOptions(style=style, width=width, dpi=SIZES[width])
        title = "" if style is Style.PAPER else "Digits, three layers"
        if (style, width) in WAYS[:2]:
            for name, make in EARLIER.items():
                yield f"{name}-{style}-{width:g}", make(title), options
        for name, make_compared in COMPARED.items():
            yield f"{name}-{style}-{width:g}", make_compared(title, options), options


def picture(render: Render, options: FigureOptions) -> bytes:
    """A figure as a PNG with a palette, which takes a third of the bytes."""
    drawn = Image.open(io.BytesIO(to_file(render, options, Form.PNG))).convert("RGB")
    file = io.BytesIO()
    drawn.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def draw(folder: Path, *, larger: int = 1) -> None:
    """Draw all images into a folder."""
    folder.mkdir(exist_ok=True)
    for name, render, options in cases():
        sized = replace(options, dpi=(options.dpi or 0) * larger)
        (folder / f"{name}.png").write_bytes(picture(render, sized))


if __name__ == "__main__":
    draw(Path(sys.argv[1]), larger=2) if len(sys.argv) > 1 else draw(BASELINE)
