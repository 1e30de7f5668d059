"""How much is under way at once: in all, of a team and to a receiver, so that one that is slow holds up no other."""

from collections import Counter
from collections.abc import Sequence

AT_ONCE = 32
TEAM_AT_ONCE = 16
WEBHOOK_AT_ONCE = 4


class Room:
    """Counts what this process is sending."""

    def __init__(self) -> None:
        self._webhooks: Counter[str] = Counter()
        self._teams: Counter[str] = Counter()

    @property
    def used(self) -> int:
        """How many deliveries are under way."""
        return self._teams.total()

    @property
    def full_webhooks(self) -> list[str]:
        """Webhooks that get nothing more for now."""
        return [webhook for webhook, count in self._webhooks.items() if count >= WEBHOOK_AT_ONCE]

    @property
    def full_teams(self) -> list[str]:
        """Teams that get nothing more for now."""
        return [team for team, count in self._teams.items() if count >= TEAM_AT_ONCE]

    def choose(self, due: Sequence[tuple[str, str, str]]) -> list[str]:
        """Which of these there is room for, in their order; each is a delivery, its webhook and its team."""
        webhooks, teams = self._webhooks.copy(), self._teams.copy()
        chosen = []
        for delivery, webhook, team in due:
            free = webhooks[webhook] < WEBHOOK_AT_ONCE and teams[team] < TEAM_AT_ONCE and teams.total() < AT_ONCE
            if free:
                webhooks[webhook] += 1
                teams[team] += 1
                chosen.append(delivery)
        return chosen

    def enter(self, webhook: str, team: str) -> None:
        """A delivery is under way."""
        self._webhooks[webhook] += 1
        self._teams[team] += 1

    def leave(self, webhook: str, team: str) -> None:
        """It has come to its end."""
        for counter, key in ((self._webhooks, webhook), (self._teams, team)):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]
