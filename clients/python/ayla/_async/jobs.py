"""Jobs: all that can be done with them."""

from __future__ import annotations

from ayla._async.results import AsyncJobResults
from ayla._async.steering import AsyncJobSteering
from ayla._async.submission import AsyncJobSubmission


class AsyncJobs(AsyncJobSubmission, AsyncJobSteering, AsyncJobResults):
    """The jobs of a service. Wherever an id is taken, the job itself is taken as well."""
