# Generated from ayla/_async/keys.py by `make client`; changes belong there.
"""API keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from ayla._json import to_json, without_none
from ayla._sync.base import PER_PAGE, Resource
from ayla._transport import id_of, segment
from ayla.models.contract import Key, KeyWithSecret, Member


class Keys(Resource):
    """API keys: one's own, and for admins those of the team. Wherever an id is taken, the key is taken as well."""

    def create(
        self,
        name: str,
        *,
        scopes: Iterable[str] | None = None,
        expires_at: datetime | str | None = None,
        member: Member | str | None = None,
        idempotency_key: str | None = None,
    ) -> KeyWithSecret:
        """Make a key. Its ``key`` is shown this once only: store it.

        Args:
            name: for people: what it is for.
            scopes: what it lets do: "read", "submit" (also steer jobs), "admin" (also manage the team), each for
                itself; default: as much as the member's role and this client's key allow.
            expires_at: when it ends; None: never.
            member: whose it is; only an admin names another member.
            idempotency_key: names this call; default: a new one.

        Raises:
            PermissionDeniedError: this client's key does not allow it.
            UnprocessableEntityError: a field is wrong; ``errors`` says which.
        """
        fields = without_none(
            name=name,
            scopes=None if scopes is None else [*scopes],
            expires_at=_moment(expires_at),
            member_id=None if member is None else id_of(member),
        )
        return self._post(KeyWithSecret, "/v1/keys", to_json(fields), key=idempotency_key)

    def list(self, *, member: Member | str | None = None, limit: int | None = None) -> Iterator[Key]:
        """Keys, page after page as they are needed.

        Args:
            member: only keys of this member.
            limit: at most this many; None: all.
        """
        asked = {"member_id": None if member is None else id_of(member)}
        return self._pages(Key, "/v1/keys", asked, limit=limit, per_page=PER_PAGE)

    def get(self, key: Key | str) -> Key:
        """The key as it is now, without the key itself. Takes its id, not the secret."""
        return self._get(Key, f"/v1/keys/{segment(key)}")

    def rotate(
        self,
        key: Key | str,
        *,
        overlap_seconds: int | None = None,
        expires_at: datetime | str | None = None,
        idempotency_key: str | None = None,
    ) -> KeyWithSecret:
        """Replace a key by a new one, whose ``key`` is shown this once only.

        Args:
            key: the key or its id.
            overlap_seconds: how long the old one goes on beside it, at most 7 days; default 0.
            expires_at: when the new one ends; None: when the old one would have ended.
            idempotency_key: names this call; default: a new one.

        Raises:
            ConflictError: the key has ended.
        """
        body = to_json(without_none(overlap_seconds=overlap_seconds, expires_at=_moment(expires_at)))
        return self._post(KeyWithSecret, f"/v1/keys/{segment(key)}/rotate", body, key=idempotency_key)

    def revoke(self, key: Key | str) -> Key:
        """End a key at once."""
        return self._post(Key, f"/v1/keys/{segment(key)}/revoke")


def _moment(value: datetime | str | None) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else value
