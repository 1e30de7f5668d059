"""Errors about authentication, rights, members, API keys and limits."""

from ayla_service.errors.base import ServiceError


class NotAuthenticated(ServiceError):
    """The request shows no API key, or one that is not valid (any more)."""

    slug, title, status = "not-authenticated", "Not authenticated", 401

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="ayla"'})


class CrossSiteSession(ServiceError):
    """A page of another origin uses the session of a browser, or a request does not say that it is none of those."""

    slug, title, status = "cross-site-request", "Cross-site request", 403

    def __init__(self) -> None:
        super().__init__(
            "A session is for the pages of this service alone: a request that could change something by its cookie "
            "has to say so in Origin. Programs send an API key as 'Authorization: Bearer ayla_…'."
        )


class NothingToSignIn(ServiceError):
    """The service has no API keys, so it needs none."""

    slug, title, status = "no-keys-yet", "No keys yet", 409

    def __init__(self) -> None:
        super().__init__("This service has no API keys yet, so nobody has to sign in: every request is answered.")


class NotAllowed(ServiceError):
    """The API key is valid, but lacks the right."""

    slug, title, status = "not-allowed", "Not allowed", 403


class NotYours(ServiceError):
    """A resource of the team that another member owns."""

    slug, title, status = "not-yours", "Not yours", 403

    def __init__(self, kind: str, thing_id: str) -> None:
        super().__init__(
            f"The {kind} '{thing_id[:64]}' belongs to another member of the team; its owner or an admin can change it."
        )


class MemberNotFound(ServiceError):
    """The team has no member with this id."""

    slug, title, status = "member-not-found", "Member not found", 404

    def __init__(self, member_id: str) -> None:
        super().__init__(f"The team has no member with the id '{member_id[:64]}'. GET /v1/members lists the members.")


class MemberNameTaken(ServiceError):
    """The team has a member of this name, or had one, whose jobs still name their owner."""

    slug, title, status = "member-name-taken", "Member name taken", 409

    def __init__(self, name: str) -> None:
        super().__init__(f"The team has or had a member named '{name}'; choose another name.")


class LastAdmin(ServiceError):
    """The member is the only admin of the team."""

    slug, title, status = "last-admin", "Last admin", 409

    def __init__(self, name: str) -> None:
        super().__init__(f"'{name}' is the only admin of the team; make another member admin first.")


class KeyNotFound(ServiceError):
    """There is no API key with this id that the caller may see."""

    slug, title, status = "key-not-found", "API key not found", 404

    def __init__(self, key_id: str) -> None:
        super().__init__(f"There is no API key with the id '{key_id[:64]}'. GET /v1/keys lists the keys.")


class KeyEnded(ServiceError):
    """The API key has expired or was revoked, so it cannot be replaced."""

    slug, title, status = "key-ended", "API key ended", 409

    def __init__(self, prefix: str) -> None:
        super().__init__(f"The API key {prefix}… has expired or was revoked; make a new one.")


class KeyAlreadyShown(ServiceError):
    """A request that made an API key was repeated; the key was in the answer to the first one only."""

    slug, title, status = "key-told-before", "API key told before", 409

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"The first request with this Idempotency-Key has made the API key with the id '{key_id}' and told it. It "
            "is not stored, so it cannot be told again: if the answer was lost, revoke the key and make another."
        )


class LimitReached(ServiceError):
    """A limit of a member or team is reached; GET /v1/me lists the limits."""

    slug, title, status = "limit-reached", "Limit reached", 409
