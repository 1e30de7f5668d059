"""When a message that was not received is sent again: soon at first, then ever more rarely, for three days in all."""

import random

_PAUSES = (1.0, 60.0, 360.0, 1440.0, 3600.0, 7200.0, 10_080.0, 14_400.0, 17_280.0)
"""Pauses between the attempts, in multiples of the first: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h."""

_LONGEST_WISH = 24 * 3600.0
_SPREAD = 0.1
# Not the shared generator of the random module: a program that seeds that one wants its own draws from it only.
_JITTER = random.Random()  # noqa: S311  # nothing secret

MOST_ATTEMPTS = len(_PAUSES) + 1


def pause(attempts: int, first_seconds: float, wish: float | None = None) -> float | None:
    """Seconds until the next attempt; None if there is to be none.

    A little is added by chance, so that what failed together does not come back together.

    Args:
        attempts: how many there have been.
        first_seconds: the pause after the first one, which all others are in proportion to.
        wish: how long the receiver wants to be left alone, if it says so; a day at most.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    planned = first_seconds * _PAUSES[attempts - 1]
    seconds = max(planned, min(wish or 0.0, _LONGEST_WISH))
    return seconds * (1 + _JITTER.uniform(0, _SPREAD))
