"""Options that several commands have."""

from typing import Annotated

import typer

JobId = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.")]
TrialId = Annotated[str, typer.Argument(metavar="TRIAL", help="Id of the trial; 'ayla show JOB' lists them.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document.")]
AsJsonLines = Annotated[bool, typer.Option("--jsonl", help="Write the job as one line of JSON after each look.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Write the id only, no progress.")]
WaitSeconds = Annotated[float | None, typer.Option("--timeout", min=0, help="Stop watching after this many seconds.")]
