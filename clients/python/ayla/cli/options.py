"""Options and arguments that several commands share."""

from typing import Annotated, Literal

import typer

JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job, or its first 4 characters or more.")]
JobIds = Annotated[
    list[str], typer.Argument(metavar="JOB...", help="Ids of jobs, or the first 4 characters or more of each.")
]
TrialId = Annotated[str, typer.Argument(metavar="TRIAL", help="Id of the trial; 'ayla show JOB' lists them.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document.")]
TableFormat = Annotated[
    Literal["markdown", "latex", "csv"] | None,
    typer.Option("--format", help="Write tables for a paper, as the service makes them."),
]
AsJsonLines = Annotated[bool, typer.Option("--jsonl", help="Write the job as one line of JSON after each poll.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Write CSV.")]
Columns = Annotated[str | None, typer.Option(help="Only these, with commas: step,loss.")]
MaxPoints = Annotated[int | None, typer.Option(min=2, help="Thin to about this many rows.")]
FromStep = Annotated[int | None, typer.Option(min=0, help="From this step on.")]
ToStep = Annotated[int | None, typer.Option(min=0, help="Up to this step.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Write the id only, no progress.")]
WaitSeconds = Annotated[float | None, typer.Option("--timeout", min=0, help="Stop watching after this many seconds.")]
Metric = Annotated[
    str | None, typer.Option(help="Judge by this: test_accuracy, final_loss, … Default: as the problem's kind has it.")
]
Target = Annotated[float | None, typer.Option(help="The value to reach, for steps_to_target and epochs_to_target.")]
TargetMetric = Annotated[str | None, typer.Option(help="What the target is a value of.")]
Minimum = Annotated[float | None, typer.Option(help="The least possible loss, for gap.")]
Baseline = Annotated[str | None, typer.Option(help="Label of an optimizer that all others are compared with.")]
Confidence = Annotated[float | None, typer.Option(min=0.5, max=0.999, help="Of intervals and verdicts; 0.95.")]
TuningSeeds = Annotated[
    str | None, typer.Option(help="Select the best setting of each arm on these seeds: 0-3 or 0,2,5.")
]
ConfirmSeeds = Annotated[str | None, typer.Option(help="Compare the selected settings on these: 4-7.")]
SelectMetric = Annotated[str | None, typer.Option(help="Select by this. Default: what is judged by.")]


def require_one_format(**formats: bool) -> None:
    """Refuse several output formats at once: ``json``, ``jsonl``, ``quiet``, ``csv``.

    Raises:
        typer.BadParameter: more than one is wanted.
    """
    wanted = [f"--{name}" for name, is_wanted in formats.items() if is_wanted]
    if len(wanted) > 1:
        raise typer.BadParameter(f"give one of {', '.join(wanted)}, not several.", param_hint=wanted[0])
