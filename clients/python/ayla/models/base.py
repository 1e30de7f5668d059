"""The base of all models, what lets some of them act, and the problem document of an error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from ayla._shown import Shown
from ayla.errors import AylaError


class ResponseModel(Shown, BaseModel):
    """Frozen; unknown fields are ignored, so that an old client reads a newer server."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


@dataclass(frozen=True, slots=True)
class Link:
    """Leads from an object to its client. Objects with equal fields are equal, whichever client they came from.

    Attributes:
        client: None where the object did not come from a client.
    """

    client: Any = field(default=None, compare=False, repr=False)

    def require(self, what: str) -> Any:
        """The client.

        Raises:
            AylaError: there is none; the message names ``what`` has none.
        """
        if self.client is None:
            raise AylaError(f"This {what} did not come from a client; ask a client for it again.")
        return self.client

    def __reduce__(self) -> tuple[type[Link], tuple[()]]:
        """Connections stay where they are: a copy in another process has no client."""
        return Link, ()


class Linked(ResponseModel):
    """An answer that can act by the client it came from."""

    _link: Link = PrivateAttr(default_factory=Link)

    def _attach(self, client: object) -> None:
        self._link = Link(client)

    def _linked_client(self) -> Any:
        return self._link.require(type(self).__name__)


M = TypeVar("M", bound=ResponseModel)


def linked(model: M, client: object) -> M:
    """The model, which from now on acts by this client where it can act."""
    if isinstance(model, Linked):
        model._attach(client)
    return model


class FieldError(ResponseModel):
    """One field of a request that is wrong.

    Attributes:
        location: where it stands: ``body``, ``query``, ``path`` or ``header``.
        pointer: JSON pointer to the field, such as ``/problem/start/x``.
        detail: what is wrong with it.
    """

    location: str = Field("body", alias="in")
    pointer: str
    detail: str

    def __str__(self) -> str:
        place = "" if self.location == "body" else f"{self.location} "
        return f"{place}{self.pointer}: {self.detail}"


class Problem(ResponseModel):
    """What went wrong, in the form of RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    request_id: str | None = None
    errors: tuple[FieldError, ...] = ()

    @property
    def slug(self) -> str:
        """The last part of ``type``, such as ``job-not-found``."""
        return self.type.rpartition(":")[2]
