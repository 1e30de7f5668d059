"""The contract of the service: what a job may say, before anything is stored or computed.

Standard library, pydantic and numpy only; every other package may import this one and it imports none of them.
"""

from ayla_spec.errors import SpecError, SpecIssue
from ayla_spec.jobspec import JobSpec, ResolvedJobSpec
from ayla_spec.resolve import resolve

__all__ = ["JobSpec", "ResolvedJobSpec", "SpecError", "SpecIssue", "resolve"]
