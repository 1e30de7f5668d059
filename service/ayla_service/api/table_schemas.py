"""What the tables of a whole job look like as JSON."""

from pydantic import BaseModel, Field


class JobTable(BaseModel):
    """Rows of many trials of a job, column by column."""

    job_id: str
    rows: int = Field(description="Length of every column.")
    columns: dict[str, list[float | str | None]] = Field(
        description="trial_index, label, optimizer_index and seed, then the columns of a trajectory or of metrics. "
        "Null where a value is not finite, or where a trial does not have the column.",
        examples=[
            {"trial_index": [0, 0], "label": ["SGD", "SGD"], "optimizer_index": [0, 0], "seed": [0, 0], "step": [0, 1]}
        ],
    )


class JobSummaryTable(BaseModel):
    """One row per trial, column by column."""

    job_id: str
    rows: int = Field(description="Length of every column.")
    columns: dict[str, list[float | str | bool | None]] = Field(
        description="trial_id, trial_index, label, optimizer_index and optimizer; its settings, those of AYLA as "
        "ayla.n1 and so on; seed, state, steps_done and the result so far; once it has ended notes on it. Null where "
        "there is none.",
        examples=[{"trial_index": [0], "learning_rate": [0.03], "ayla.n1": [1.0], "best_loss": [-6.5]}],
    )
