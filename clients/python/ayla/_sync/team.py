# Generated from ayla/_async/team.py by `make client`; changes belong there.
"""The team: its members, its queue, its workers; and whom a request comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from ayla._json import to_json, without_none
from ayla._sync.base import Resource
from ayla._transport import UNSET, Unset, given, segment
from ayla.models.contract import Me, Member, Queue, Switches, Team, WeeklyUsage
from ayla.models.workers import Worker

WorkerList: TypeAlias = list[Worker]

_MEMBERS_PER_PAGE = 1000


class TeamResource(Resource):
    """The team that the API key belongs to."""

    def get(self) -> Team:
        """The team, its limits and what is used of them."""
        return self._get(Team, "/v1/team")

    def usage(self, weeks: int | None = None) -> WeeklyUsage:
        """Hours of workers that the team has used, week by week, by member and by project.

        Args:
            weeks: how many, the current one among them, at most 53; service default 12.
        """
        return self._get(WeeklyUsage, "/v1/usage", {"weeks": weeks})


class Caller(Resource):
    """Whom the client's requests come from."""

    def get(self) -> Me:
        """Member, team, API key, scopes, and limits with what is used of them."""
        return self._get(Me, "/v1/me")


class Members(Resource):
    """The members of the team. Wherever an id is taken, the member is taken as well."""

    def add(
        self,
        name: str,
        *,
        role: str | None = None,
        weight: float | None = None,
        limits: Mapping[str, int | None] | None = None,
        idempotency_key: str | None = None,
    ) -> Member:
        """Add a member; only admins can.

        Args:
            name: a person or a program; unique within the team.
            role: "viewer" looks, "member" (service default) also submits, "admin" also manages.
            weight: the share of the team's computing time beside other members; service default 1.
            limits: what the member may have at once, such as ``{"queued_jobs": 20, "workers": 2}``.
            idempotency_key: names this call; default: a new one.

        Raises:
            PermissionDeniedError: the key is not an admin's.
            ConflictError: there is a member of this name.
        """
        body = to_json(without_none(name=name, role=role, weight=weight, limits=limits))
        return self._post(Member, "/v1/members", body, key=idempotency_key)

    def list(self, *, limit: int | None = None) -> Iterator[Member]:
        """The members, page after page as they are needed.

        Args:
            limit: at most this many; None: all.
        """
        return self._pages(Member, "/v1/members", limit=limit, per_page=_MEMBERS_PER_PAGE)

    def get(self, member: Member | str) -> Member:
        """The member as it is now."""
        return self._get(Member, f"/v1/members/{segment(member)}")

    def change(
        self,
        member: Member | str,
        *,
        name: str | Unset = UNSET,
        role: str | Unset = UNSET,
        weight: float | Unset = UNSET,
        limits: Mapping[str, int | None] | Unset = UNSET,
    ) -> Member:
        """Change a member; what is left out stays as it is.

        Args:
            member: the member or its id.
            name: unique within the team.
            role: "viewer", "member" or "admin".
            weight: the share of the team's computing time beside other members.
            limits: those to change; None takes one away.

        Raises:
            PermissionDeniedError: the key is not an admin's.
            ConflictError: it is the last admin, who cannot become another.
        """
        body = to_json(given(name=name, role=role, weight=weight, limits=limits))
        response = self._transport.patch(f"/v1/members/{segment(member)}", body, if_match=None)
        return self._read(Member, response)

    def remove(self, member: Member | str) -> None:
        """Have a member leave the team: its keys end; its jobs stay the team's."""
        self._transport.delete(f"/v1/members/{segment(member)}")


class TeamQueue(Resource):
    """The team's queue."""

    def get(self) -> Queue:
        """What runs, what waits and for how long, and everyone's share."""
        return self._get(Queue, "/v1/queue")

    def pause(self) -> Switches:
        """Have nothing more of the team started; what runs goes on. Only admins can."""
        return self._post(Switches, "/v1/queue/pause")

    def resume(self) -> Switches:
        """Have jobs taken and started again, after a pause or a drain. Only admins can."""
        return self._post(Switches, "/v1/queue/resume")

    def drain(self) -> Switches:
        """Have no more jobs of the team taken; those on the queue are run. Only admins can."""
        return self._post(Switches, "/v1/queue/drain")


class Workers(Resource):
    """The workers of a service."""

    def list(self) -> WorkerList:
        """Every worker, in the order in which they started; stopped and lost ones stay listed for a day."""
        return self._pages(Worker, "/v1/workers", per_page=None).collect()
