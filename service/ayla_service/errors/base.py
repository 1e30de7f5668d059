"""Base of all errors of the interface, and those of the service as a whole: its store, its readiness."""

from collections.abc import Mapping
from typing import ClassVar

from ayla_spec import SpecIssue


class ServiceError(Exception):
    """Base of the errors that are part of the interface.

    Attributes:
        slug: stable identifier; the problem type is ``urn:ayla:problem:<slug>``.
        title: what kind of error, the same for every occurrence.
        status: HTTP status.
        detail: what happened this time, and what would be right.
        issues: the fields at fault, if any.
        headers: HTTP headers that belong to it.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]

    def __init__(
        self, detail: str, issues: list[SpecIssue] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.issues = issues or []
        self.headers = dict(headers or {})


class StoreUnavailable(ServiceError):
    """The store does not answer."""

    slug, title, status = "store-unavailable", "Store unavailable", 503

    def __init__(self) -> None:
        super().__init__("The store does not answer at the moment; nothing was changed. Try again shortly.")


class StoreDamaged(ServiceError):
    """The data of the store is damaged."""

    slug, title, status = "store-damaged", "Store damaged", 503
    advice = (
        "The store is damaged: a part of it cannot be read, and no repetition changes that. Stop the service and "
        "restore a backup; docs/operations.md says how."
    )

    def __init__(self) -> None:
        super().__init__(self.advice)


class NotReady(ServiceError):
    """The service runs but cannot serve yet."""

    slug, title, status = "not-ready", "Not ready", 503
