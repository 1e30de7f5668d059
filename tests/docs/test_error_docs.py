"""The page of errors lists exactly the problems that the service can answer with, and the errors of jobs."""

import re
from collections.abc import Iterator
from pathlib import Path

from ayla_service.errors import ServiceError
from ayla_service.http import error_handlers as handlers
from ayla_service.queue.retries import PERMANENT, ErrorType

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


def _kinds(error: type[ServiceError]) -> Iterator[type[ServiceError]]:
    """Its subclasses, and theirs; what several have in common is no kind of its own."""
    for kind in error.__subclasses__():
        yield from (kind, *_kinds(kind))


def test_every_problem_is_on_the_page_with_its_status() -> None:
    listed = {slug: int(status) for slug, status in re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", PAGE.read_text(), re.M)}
    raised = {error.slug: error.status for error in _kinds(ServiceError) if hasattr(error, "slug")}
    from_http = {slug: status for status, (slug, _, _) in handlers._HTTP_PROBLEMS.items()}
    assert listed == raised | from_http | {"internal-error": 500}


def test_every_kind_of_error_of_an_attempt_or_a_job_is_on_the_page() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (yes|) *\| (yes|) *\|", PAGE.read_text(), re.M)
    assert {kind for kind, of_attempt, _ in rows if of_attempt} == set(ErrorType)
    assert {kind for kind, _, of_job in rows if of_job} == PERMANENT | {"attempts-exhausted"}
