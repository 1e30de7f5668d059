"""Errors about comparisons, figures and streams of events."""

from ayla_service.errors.base import ServiceError


class ComparisonTooLarge(ServiceError):
    """More trials, trajectories or computing time than one comparison may take."""

    slug, title, status = "comparison-too-large", "Comparison too large", 422

    def __init__(self, found: str, most: str, advice: str) -> None:
        super().__init__(_too_large("comparison", found, most, advice))


class SweepTooLarge(ServiceError):
    """More trials, cells or computing time than one answer about a sweep may take."""

    slug, title, status = "sweep-too-large", "Sweep too large", 422

    def __init__(self, found: str, most: str, advice: str) -> None:
        super().__init__(_too_large("answer", found, most, advice))


class TableTooLarge(ServiceError):
    """More computing time than a table may take before it is sent."""

    slug, title, status = "table-too-large", "Table too large", 422

    def __init__(self, found: str, most: str, advice: str) -> None:
        super().__init__(_too_large("table", found, most, advice))


class SweepUnavailable(ServiceError):
    """The settings of the job do not differ along enough axes."""

    slug, title, status = "sweep-unavailable", "Sweep unavailable", 409


class FigureUnavailable(ServiceError):
    """The job can have no figure of this kind."""

    slug, title, status = "figure-unavailable", "Figure unavailable", 409


class FigureTooLarge(ServiceError):
    """More results than are read for one figure."""

    slug, title, status = "figure-too-large", "Figure too large", 422

    def __init__(self, size: int, most: int) -> None:
        mib = 1024**2
        super().__init__(
            f"The results to draw are {-(-size // mib)} MiB; at most {most // mib} MiB are read for one figure. Name "
            "fewer settings with optimizers, or record fewer steps."
        )


class FiguresBusy(ServiceError):
    """As many figures are drawn as can be at once."""

    slug, title, status = "figures-busy", "Figures busy", 503

    def __init__(self) -> None:
        super().__init__("Many figures are being drawn at the moment. Try again shortly.", headers={"Retry-After": "1"})


class TeamBusy(ServiceError):
    """The team has as many large answers computed as it may have at once."""

    slug, title, status = "team-busy", "Team busy", 429

    def __init__(self, most: int) -> None:
        super().__init__(
            f"The service computes {most} comparisons, answers about sweeps or large tables for your team already, as "
            "many as a team may have at once. Ask again when one of them has been answered.",
            headers={"Retry-After": "1"},
        )


class TooManyStreams(ServiceError):
    """The member has as many streams open as it may have."""

    slug, title, status = "too-many-streams", "Too many streams", 429

    def __init__(self, most: int) -> None:
        super().__init__(
            f"You have {most} streams and waiting requests, and cannot have more here; close some, or follow several "
            "jobs by one: "
            "GET /v1/events?job_id=…&job_id=….",
            headers={"Retry-After": "30"},
        )


class StreamsUnavailable(ServiceError):
    """The service has as many streams open as it serves, or is about to stop."""

    slug, title, status = "streams-unavailable", "Streams unavailable", 503

    def __init__(self) -> None:
        super().__init__(
            "The service cannot serve another stream at the moment. Try again shortly, or ask GET /v1/jobs/{id} "
            "now and then.",
            headers={"Retry-After": "5"},
        )


def _too_large(what: str, found: str, most: str, advice: str) -> str:
    return f"{found} are too many for one {what}, which takes at most {most}. {advice}"
