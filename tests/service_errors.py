"""The errors of the service that it answers with."""

from collections.abc import Iterator

from ayla_service.errors import ServiceError


def answered_errors(kind: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    """All of a kind that have a slug; one that others are only made of has none."""
    for error in kind.__subclasses__():
        if "slug" in vars(error):
            yield error
        yield from answered_errors(error)
