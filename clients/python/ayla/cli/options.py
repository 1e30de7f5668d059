"""Options and arguments that several commands share."""

from typing import Annotated, Literal

import typer

from ayla.cli import completion

JobId = Annotated[
    str,
    typer.Argument(
        metavar="JOB", help="Id of the job, or its first 4 characters or more.", autocompletion=completion.jobs
    ),
]
JobIds = Annotated[
    list[str],
    typer.Argument(
        metavar="JOB",
        help="Ids of jobs, or the first 4 characters or more of each.",
        autocompletion=completion.jobs,
    ),
]
TrialId = Annotated[
    str,
    typer.Argument(
        metavar="TRIAL",
        help="Id of the trial, or a short one such as 1a2b3c4d-0; 'ayla show JOB' lists them.",
        autocompletion=completion.trials,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document.")]
AsJsonItems = Annotated[bool, typer.Option("--jsonl", help="Write a JSON document on a line for each.")]
AsJsonLines = Annotated[bool, typer.Option("--jsonl", help="Write the job as one line of JSON after each look at it.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Write CSV.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Write the id only, no progress.")]
QuietItems = Annotated[bool, typer.Option("--quiet", "-q", help="Write the ids only.")]
Agreed = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Limit = Annotated[int, typer.Option(min=1, metavar="N", help="At most this many, newest first.")]
TableFormat = Annotated[
    Literal["markdown", "latex", "csv"] | None,
    typer.Option("--format", help="Write tables for a paper, as the service makes them."),
]
Columns = Annotated[str | None, typer.Option(metavar="NAMES", help="Only these, with commas: step,loss.")]
MaxPoints = Annotated[int | None, typer.Option(min=2, metavar="N", help="Thin to about this many rows.")]
FromStep = Annotated[int | None, typer.Option(min=0, metavar="STEP", help="From this step on.")]
ToStep = Annotated[int | None, typer.Option(min=0, metavar="STEP", help="Up to this step.")]
WaitSeconds = Annotated[
    float | None, typer.Option("--timeout", min=0, metavar="SECONDS", help="Stop watching after this long.")
]
Metric = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Judge by this: test_accuracy, final_loss, … Default: as the problem's kind has it.",
        autocompletion=completion.metrics,
    ),
]
Target = Annotated[
    float | None, typer.Option(metavar="VALUE", help="The value to reach, for steps_to_target and epochs_to_target.")
]
TargetMetric = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="What the target is a value of.", autocompletion=completion.metrics),
]
Minimum = Annotated[float | None, typer.Option(metavar="VALUE", help="The least possible loss, for gap.")]
Baseline = Annotated[
    str | None, typer.Option(metavar="LABEL", help="Label of an optimizer that all others are compared with.")
]
Confidence = Annotated[
    float | None, typer.Option(min=0.5, max=0.999, metavar="SHARE", help="Of intervals and verdicts; 0.95.")
]
TuningSeeds = Annotated[
    str | None,
    typer.Option(metavar="SEEDS", help="Select the best setting of each arm on these seeds: 0-3 or 0,2,5."),
]
ConfirmSeeds = Annotated[str | None, typer.Option(metavar="SEEDS", help="Compare the selected settings on these: 4-7.")]
SelectMetric = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Select by this. Default: what is judged by.", autocompletion=completion.metrics),
]
JobName = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Name of the job.")]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag", metavar="TAG", help="Tag of the job; may be given several times.", autocompletion=completion.tags
    ),
]
Project = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Project that the job belongs to.", autocompletion=completion.projects),
]
Priority = Annotated[
    str | None,
    typer.Option(
        metavar="PRIORITY",
        help="low, normal, high or urgent; default normal.",
        autocompletion=completion.priorities,
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Change a field of the spec: budget.steps=100, optimizers.0.learning_rate=0.1, seeds=[0,1,2]; "
        "may be given several times.",
    ),
]
IdempotencyKey = Annotated[
    str | None,
    typer.Option(metavar="KEY", help="Submitting again with the same key and spec gives the same job."),
]
OutputFile = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file; - is standard output.")
]
