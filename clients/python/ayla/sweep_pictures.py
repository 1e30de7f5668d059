"""Answers about sweeps as numbers and as pictures: the sensitivity to an axis, and the heat map over two."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Generator
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from ayla._formatting import text_table
from ayla._shown import Shown
from ayla.errors import AylaError
from ayla.frames import Rows
from ayla.sweeps import ArmCells, HeatMapNumbers, SensitivityNumbers, SweepAnswer, number_text

Drawing = str | float | None
"""An option of a picture: style, width, height, dpi, title, scale."""

_PICTURES = ("png", "svg", "pdf")
_MOST_SHOWN = 12
"""Columns and rows of a table for reading."""

N = TypeVar("N", bound=SweepAnswer)


class Pictured(Shown, Generic[N]):
    """An answer that comes as numbers and as a picture; each is asked for when it is wanted.

    Args:
        numbers: asks for the numbers.
        picture: asks for the picture in a format with these options.
    """

    def __init__(self, numbers: Callable[[], N], picture: Callable[[str, dict[str, Drawing]], bytes]) -> None:
        self._fetch = numbers
        self._draw = picture

    @cached_property
    def numbers(self) -> N:
        """The numbers, asked for once.

        Raises:
            UnprocessableEntityError: the question does not fit the job, or the numbers are too many for JSON.
        """
        return self._fetch()

    @property
    def has_numbers(self) -> bool:
        """Whether the numbers are here already."""
        return "numbers" in vars(self)

    def picture(self, format: str = "png", **drawing: Drawing) -> bytes:  # noqa: A002  # as the service calls it
        """The picture as the service draws it.

        Args:
            format: "png", "svg" or "pdf".
            **drawing: ``style``, ``width``, ``height``, ``dpi``, ``title`` and ``scale`` of docs/server-figures.md.
        """
        return self._draw(format, drawing)

    def save(self, path: str | Path, **drawing: Drawing) -> Path:
        """Write the picture to a file; its ending names the format.

        Raises:
            ValueError: the ending is not .png, .svg or .pdf.
        """
        file, form = _picture_file(path)
        file.write_bytes(self.picture(form, **drawing))
        return file


class AsyncPictured(Shown, Generic[N]):
    """The same of an ``AsyncClient``: awaited, it has its numbers; a picture is asked for by itself.

    Args:
        numbers: asks for the numbers.
        picture: asks for the picture in a format with these options.
    """

    def __init__(
        self, numbers: Callable[[], Awaitable[N]], picture: Callable[[str, dict[str, Drawing]], Awaitable[bytes]]
    ) -> None:
        self._fetch = numbers
        self._draw = picture
        self._numbers: N | None = None

    @property
    def has_numbers(self) -> bool:
        """Whether the numbers are here already."""
        return self._numbers is not None

    def __await__(self) -> Generator[Any, None, Self]:
        return self._loaded().__await__()

    async def _loaded(self) -> Self:
        if self._numbers is None:
            self._numbers = await self._fetch()
        return self

    @property
    def numbers(self) -> N:
        """The numbers.

        Raises:
            AylaError: they were not awaited yet.
        """
        if self._numbers is None:
            raise AylaError("The numbers are not there yet: await it first.")
        return self._numbers

    async def picture(self, format: str = "png", **drawing: Drawing) -> bytes:  # noqa: A002  # as the service calls it
        """The picture as the service draws it; arguments as of ``Pictured``."""
        return await self._draw(format, drawing)

    async def save(self, path: str | Path, **drawing: Drawing) -> Path:
        """Write the picture to a file; its ending names the format.

        Raises:
            ValueError: the ending is not .png, .svg or .pdf.
        """
        file, form = _picture_file(path)
        file.write_bytes(await self.picture(form, **drawing))
        return file


class SensitivityRows(Rows):
    """The sensitivity as rows and as text."""

    numbers: Any

    def rows(self) -> list[dict[str, object]]:
        """A row for each place of each arm."""
        found: SensitivityNumbers = self.numbers
        return [
            {
                "arm": one.arm,
                found.axis.path: at,
                "best": one.best[place],
                "median": one.median[place],
                "settings": one.settings[place],
                "finite": one.finite[place],
                "left_out": one.left_out[place],
            }
            for one in found.sensitivity
            for place, at in enumerate(found.axis.values)
        ]

    def __str__(self) -> str:
        found: SensitivityNumbers = self.numbers
        heads = [found.axis.path, *(one.arm for one in found.sensitivity)]
        rows = [
            [number_text(at), *(_cell(one.best[place], one.settings[place]) for one in found.sensitivity)]
            for place, at in enumerate(found.axis.values)
        ]
        said = [f"The best at each place by the {found.over}. x: diverged; -: nothing there.", *found.notes]
        return "\n".join([*text_table([heads, *rows], left=0), "", *said])


class HeatMapRows(Rows):
    """A heat map as rows and as text."""

    numbers: Any

    def rows(self) -> list[dict[str, object]]:
        """A row for each cell of each arm: arm, both axes, value, settings."""
        found: HeatMapNumbers = self.numbers
        return [
            {
                "arm": panel.arm,
                found.x.path: x,
                found.y.path: y,
                "value": cell,
                "settings": panel.settings[row][place],
            }
            for panel in found.panels
            for row, (y, cells) in enumerate(zip(found.y.values, panel.cells, strict=True))
            for place, (x, cell) in enumerate(zip(found.x.values, cells, strict=True))
        ]

    def __str__(self) -> str:
        found: HeatMapNumbers = self.numbers
        lines = []
        for panel in found.panels:
            lines += [*_panel_lines(found, panel), ""]
        how = f"Rows by {found.y.path}, columns by {found.x.path}; {found.reduce} in each cell by the {found.over}."
        return "\n".join([*lines, f"{how} x: diverged; -: nothing there; *: the best.", *found.notes])


class Sensitivity(Pictured[SensitivityNumbers], SensitivityRows):
    """The sensitivity of the arms of a sweep to one axis; ``str`` is a table for reading."""


class AsyncSensitivity(AsyncPictured[SensitivityNumbers], SensitivityRows):
    """The sensitivity of the arms of a sweep to one axis; ``await`` it for its numbers and its table."""


class HeatMap(Pictured[HeatMapNumbers], HeatMapRows):
    """The heat map of a sweep over two axes; ``str`` is a table for reading."""


class AsyncHeatMap(AsyncPictured[HeatMapNumbers], HeatMapRows):
    """The heat map of a sweep over two axes; ``await`` it for its numbers and its table."""


def _picture_file(path: str | Path) -> tuple[Path, str]:
    """The file, and the format that its ending names."""
    file = Path(path)
    form = file.suffix.lower().removeprefix(".")
    if form not in _PICTURES:
        raise ValueError(f"{file.name!r} does not end with .png, .svg or .pdf.")
    return file, form


def _panel_lines(found: HeatMapNumbers, panel: ArmCells) -> list[str]:
    """The table of a panel, the highest row first as in the picture; of many rows and columns some."""
    columns, rows = _some(len(found.x.values)), _some(len(found.y.values))
    best = None if panel.best is None else (panel.best.y, panel.best.x)
    table = [[f"{panel.arm}", *(number_text(found.x.values[place]) for place in columns)]]
    for row in reversed(rows):
        y = found.y.values[row]
        marks = ["*" if (y, found.x.values[place]) == best else "" for place in columns]
        cells = [_cell(panel.cells[row][place], panel.settings[row][place]) for place in columns]
        table.append([number_text(y), *(f"{mark}{cell}" for mark, cell in zip(marks, cells, strict=True))])
    said = (
        []
        if panel.best is None
        else [
            f"best {number_text(panel.best.value)} at {found.x.path} {number_text(panel.best.x)}, "
            f"{found.y.path} {number_text(panel.best.y)}"
            + (f", and {panel.best.tied} more cells" if panel.best.tied else "")
        ]
    )
    return [*text_table(table), *said]


def _some(count: int) -> list[int]:
    """Places of a table for reading: all, or so many evenly spread ones with the first and last."""
    if count <= _MOST_SHOWN:
        return list(range(count))
    return [round(place * (count - 1) / (_MOST_SHOWN - 1)) for place in range(_MOST_SHOWN)]


def _cell(value: float, settings: int) -> str:
    return number_text(value) if math.isfinite(value) else "x" if settings else "-"
