"""What routes that work on jobs are given."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from ayla_service.jobs.service import JobService


async def _jobs(request: Request) -> JobService:
    service: JobService = request.app.state.jobs
    return service


Jobs = Annotated[JobService, Depends(_jobs)]
