"""Options that choose among the trials of a job."""

from typing import Annotated

import typer

from ayla.cli import completion

Where = Annotated[
    list[str] | None,
    typer.Option(metavar="CONDITION", help="Such as 'learning_rate>0.01'; all that are given have to hold."),
]
Arm = Annotated[str | None, typer.Option(metavar="NAME", help="Only trials of this arm.")]
TrialState = Annotated[
    list[str] | None,
    typer.Option(
        "--state",
        metavar="STATE",
        help="Only trials in this state: queued, running, completed, diverged, failed or cancelled; "
        "may be given several times.",
        autocompletion=completion.trial_states,
    ),
]
Sort = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="By this column; with - before it the largest first: -best_loss.")
]
