"""Limits of concurrent deliveries: in all, of a team and to a receiver, so that a slow one holds up no other."""

from collections import Counter
from collections.abc import Sequence

AT_ONCE = 32
TEAM_AT_ONCE = 16
WEBHOOK_AT_ONCE = 4


class ConcurrencyLimits:
    """Counts the deliveries that this process is sending, against the limits."""

    def __init__(self) -> None:
        self._webhooks: Counter[str] = Counter()
        self._teams: Counter[str] = Counter()

    @property
    def used(self) -> int:
        """Deliveries under way."""
        return self._teams.total()

    @property
    def full_webhooks(self) -> list[str]:
        """Webhooks that are at their limit."""
        return [webhook for webhook, count in self._webhooks.items() if count >= WEBHOOK_AT_ONCE]

    @property
    def full_teams(self) -> list[str]:
        """Teams that are at their limit."""
        return [team for team, count in self._teams.items() if count >= TEAM_AT_ONCE]

    def choose(self, due: Sequence[tuple[str, str, str]]) -> list[str]:
        """The deliveries, in their order, that the limits allow; each is given with its webhook and its team."""
        webhooks, teams = self._webhooks.copy(), self._teams.copy()
        chosen = []
        for delivery, webhook, team in due:
            free = webhooks[webhook] < WEBHOOK_AT_ONCE and teams[team] < TEAM_AT_ONCE and teams.total() < AT_ONCE
            if free:
                webhooks[webhook] += 1
                teams[team] += 1
                chosen.append(delivery)
        return chosen

    def start(self, webhook: str, team: str) -> None:
        """Count a delivery that begins."""
        self._webhooks[webhook] += 1
        self._teams[team] += 1

    def finish(self, webhook: str, team: str) -> None:
        """Count a delivery that has ended."""
        for counter, key in ((self._webhooks, webhook), (self._teams, team)):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]
