"""Errors of a job spec, field by field."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpecIssue:
    """One invalid field.

    Attributes:
        pointer: JSON pointer (RFC 6901) to the field in the submitted spec, such as ``/problem/start/x``.
        detail: what is wrong with it, and what would be right.
    """

    pointer: str
    detail: str


class SpecError(ValueError):
    """A job spec that cannot be run. Carries every issue found, not just the first."""

    def __init__(self, issues: list[SpecIssue]) -> None:
        self.issues = issues
        super().__init__("; ".join(f"{issue.pointer}: {issue.detail}" for issue in issues))
