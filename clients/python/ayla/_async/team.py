"""The team: its members, its queue, its workers; and whom a request comes from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TypeAlias

from ayla._async.base import AsyncResource
from ayla._json import to_json, without_none
from ayla._transport import UNSET, Unset, given, segment
from ayla.models.contract import Me, Member, Queue, Switches, Team, WeeklyUsage
from ayla.models.workers import Worker

AsyncWorkerList: TypeAlias = list[Worker]

_MEMBERS_PER_PAGE = 1000


class AsyncTeamResource(AsyncResource):
    """The team that the API key belongs to."""

    async def get(self) -> Team:
        """The team, its limits and what is used of them."""
        return await self._get(Team, "/v1/team")

    async def usage(self, weeks: int | None = None) -> WeeklyUsage:
        """Hours of workers that the team has used, week by week, by member and by project.

        Args:
            weeks: how many, the current one among them, at most 53; service default 12.
        """
        return await self._get(WeeklyUsage, "/v1/usage", {"weeks": weeks})


class AsyncCaller(AsyncResource):
    """Whom the client's requests come from."""

    async def get(self) -> Me:
        """Member, team, API key, scopes, and limits with what is used of them."""
        return await self._get(Me, "/v1/me")


class AsyncMembers(AsyncResource):
    """The members of the team. Wherever an id is taken, the member is taken as well."""

    async def add(
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
        return await self._post(Member, "/v1/members", body, key=idempotency_key)

    def list(self, *, limit: int | None = None) -> AsyncIterator[Member]:
        """The members, page after page as they are needed.

        Args:
            limit: at most this many; None: all.
        """
        return self._pages(Member, "/v1/members", limit=limit, per_page=_MEMBERS_PER_PAGE)

    async def get(self, member: Member | str) -> Member:
        """The member as it is now."""
        return await self._get(Member, f"/v1/members/{segment(member)}")

    async def change(
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
        response = await self._transport.patch(f"/v1/members/{segment(member)}", body, if_match=None)
        return self._read(Member, response)

    async def remove(self, member: Member | str) -> None:
        """Have a member leave the team: its keys end; its jobs stay the team's."""
        await self._transport.delete(f"/v1/members/{segment(member)}")


class AsyncTeamQueue(AsyncResource):
    """The team's queue."""

    async def get(self) -> Queue:
        """What runs, what waits and for how long, and everyone's share."""
        return await self._get(Queue, "/v1/queue")

    async def pause(self) -> Switches:
        """Have nothing more of the team started; what runs goes on. Only admins can."""
        return await self._post(Switches, "/v1/queue/pause")

    async def resume(self) -> Switches:
        """Have jobs taken and started again, after a pause or a drain. Only admins can."""
        return await self._post(Switches, "/v1/queue/resume")

    async def drain(self) -> Switches:
        """Have no more jobs of the team taken; those on the queue are run. Only admins can."""
        return await self._post(Switches, "/v1/queue/drain")


class AsyncWorkers(AsyncResource):
    """The workers of a service."""

    async def list(self) -> AsyncWorkerList:
        """Every worker, in the order in which they started; stopped and lost ones stay listed for a day."""
        return await self._pages(Worker, "/v1/workers", per_page=None).collect()
