"""What models predicted at recorded steps, thinned to as many points as a line needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select

from ayla_service.db.models import PredictionSet
from ayla_service.db.session import Database
from ayla_service.errors import FigureTooLarge, InvalidQuery
from ayla_service.figures.availability import JobFacts
from ayla_service.figures.data import Floats
from ayla_service.figures.selecting import MOST_BYTES
from ayla_service.figures.windows import drawable
from ayla_service.trials.encoding import decode
from ayla_service.trials.snapshot import TrialsSnapshot

MOST_PANELS = 4

Columns = Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Fits:
    """Predictions of one trial of each setting.

    Attributes:
        steps: at which they are drawn, growing.
        columns: by step and place of the setting: ``x`` growing, ``prediction``, and where known ``target`` and
            ``truth``.
    """

    steps: list[int]
    columns: dict[tuple[int, int], Columns]


def drawn_steps(facts: JobFacts, at: Sequence[int] | None) -> list[int]:
    """The steps that are drawn: those asked for, or some of those that are recorded, the first and last among them.

    Raises:
        InvalidQuery: if one that is asked for is not recorded, or if they are too many.
    """
    recorded = facts.spec.record.predictions_at
    if at is None:
        places = np.linspace(0, len(recorded) - 1, min(MOST_PANELS, len(recorded))).round()
        return [recorded[int(place)] for place in places]
    unknown = [step for step in at if step not in recorded]
    if unknown:
        known = ", ".join(map(str, recorded))
        raise InvalidQuery("at", f"No predictions are recorded at step {unknown[0]}; they are at {known}.")
    if len(set(at)) > MOST_PANELS:
        raise InvalidQuery("at", f"At most {MOST_PANELS} steps are drawn side by side.")
    return sorted(set(at))


def read_fits(database: Database, stood: TrialsSnapshot, steps: list[int], max_points: int) -> Fits:
    """The predictions of some trials, as far as they are there.

    Args:
        database: the store.
        stood: one trial of each setting.
        steps: at which.
        max_points: most points of each.

    Raises:
        FigureTooLarge: if they are too much to read.
    """
    settings = {trial.id: trial.optimizer_index for trial in stood.trials}
    wanted = (PredictionSet.trial_id.in_(settings), PredictionSet.step.in_(steps))
    with database.read() as session:
        size = session.scalar(select(func.sum(func.length(PredictionSet.data))).where(*wanted)) or 0
        if size > MOST_BYTES:
            raise FigureTooLarge(size, MOST_BYTES)
        found = session.execute(select(PredictionSet.trial_id, PredictionSet.step, PredictionSet.data).where(*wanted))
        columns = {(step, settings[trial_id]): _thinned(data, max_points) for trial_id, step, data in found}
    return Fits(steps, columns)


def _thinned(data: bytes, max_points: int) -> Columns:
    table = decode(data)
    columns = {name: np.asarray(table[name].to_numpy(), dtype=np.float64) for name in table.column_names}
    order = np.argsort(columns["x"], kind="stable")
    kept = order[:: max(1, -(-len(order) // max_points))]
    return {name: drawable(values[kept]) for name, values in columns.items()}
