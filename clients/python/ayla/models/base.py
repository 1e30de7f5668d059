"""The base of all models, and the problem document of an error."""

from pydantic import BaseModel, ConfigDict, Field

from ayla._shown import Shown


class ResponseModel(Shown, BaseModel):
    """Frozen; unknown fields are ignored, so that an old client reads a newer server."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


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
