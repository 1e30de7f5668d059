# Generated from ayla/_async/jobs.py by `make client`; changes belong there.
"""Jobs: all that can be done with them."""

from __future__ import annotations

from ayla._sync.results import JobResults
from ayla._sync.steering import JobSteering
from ayla._sync.submission import JobSubmission


class Jobs(JobSubmission, JobSteering, JobResults):
    """The jobs of a service. Wherever an id is taken, the job itself is taken as well."""
