"""Answers of the service about sweeps. Generated from openapi.json by `make client`."""

from __future__ import annotations

from ayla.models.base import ResponseModel


class RankedSetting(ResponseModel):
    """A setting of a sweep in the order of its value.

    Attributes:
        axes: its value on each axis that it has.
        best_seed: its value on its best seed. None likewise.
        cancelled_seeds: those on which its trial was cancelled.
        diverged_seeds: those on which it diverged.
        failed_seeds: those on which its trial failed.
        first_nonfinite_step: the first step at which it was not finite on one of its seeds. None if it was finite
            on all.
        first_trial_id: its trial with the first seed.
        known_seeds: of these, those on which it has a value; it is judged by all of them or not.
        rank: by value among all judged settings; equal ones share the better rank. None if it is not judged.
        seeds: seeds that it is run on.
        setting: its number in the job: the optimizer_index of its trials.
        value: over its seeds. None if too many diverged; and if it is not judged, as it lacks a value on a seed.
        worst_seed: on its worst; None where that diverged.
    """

    arm: str
    axes: dict[str, float | None]
    best_seed: float | None
    cancelled_seeds: int
    diverged_seeds: int
    failed_seeds: int
    first_nonfinite_step: int | None
    first_trial_id: str
    job_id: str
    known_seeds: int
    label: str
    rank: int | None
    seeds: int
    setting: int
    value: float | None
    worst_seed: float | None
