"""Rate limits: a token bucket for each key or address, refilled at a steady rate.

Each process has its own buckets: N processes of the API together let through N times as much. They are used from the
event loop alone, so they need no lock.
"""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_MOST_BUCKETS = 10_000
_SECONDS_PER_MINUTE = 60.0
_IPV6_NETWORK_BITS = 64


@dataclass(frozen=True, slots=True)
class RateLimitPolicy:
    """Rate and size of a token bucket.

    Attributes:
        per_minute: tokens that a bucket gets back in a minute.
        burst: tokens that it holds: how many requests may come at once.
    """

    per_minute: int
    burst: int

    @property
    def per_second(self) -> float:
        """Tokens that a bucket gets back in a second."""
        return self.per_minute / _SECONDS_PER_MINUTE

    @property
    def window(self) -> int:
        """Seconds until an empty bucket is full again."""
        return max(1, math.ceil(self.burst / self.per_second))


@dataclass(frozen=True, slots=True)
class BucketState:
    """State of a token bucket after a request.

    Attributes:
        policy: of the bucket.
        allowed: whether the request had a token.
        remaining: tokens left.
        reset: seconds until it is full again.
        retry_after: seconds until it has a token, 0 if it has one.
    """

    policy: RateLimitPolicy
    allowed: bool
    remaining: int
    reset: int
    retry_after: int

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of draft-ietf-httpapi-ratelimit-headers."""
        return {
            "RateLimit-Policy": f'"default";q={self.policy.burst};w={self.policy.window}',
            "RateLimit": f'"default";r={self.remaining};t={self.reset}',
        }


class TokenBuckets:
    """Token buckets by name; the least recently used are forgotten when there are too many.

    One that is forgotten is full when it is used again.

    Args:
        policy: of each bucket.
        most: how many are kept.
        clock: monotonic time in seconds.
    """

    def __init__(
        self, policy: RateLimitPolicy, most: int = _MOST_BUCKETS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.policy = policy
        self._most = most
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when there were so many

    def __len__(self) -> int:
        return len(self._buckets)

    def __contains__(self, name: str) -> bool:
        return name in self._buckets

    def take(self, name: str) -> BucketState:
        """Take a token out of a bucket, if it has one."""
        tokens = self._tokens(name)
        allowed = tokens >= 1
        tokens -= allowed
        self._buckets[name] = (tokens, self._clock())
        self._buckets.move_to_end(name)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return self._state(tokens, allowed=allowed)

    def peek(self, name: str) -> BucketState:
        """State of a bucket; takes nothing."""
        tokens = self._tokens(name)
        return self._state(tokens, allowed=tokens >= 1)

    def forget(self, name: str) -> None:
        """Drop a bucket, if it is there."""
        self._buckets.pop(name, None)

    def _tokens(self, name: str) -> float:
        tokens, at = self._buckets.get(name, (float(self.policy.burst), 0.0))
        return min(self.policy.burst, tokens + (self._clock() - at) * self.policy.per_second)

    def _state(self, tokens: float, *, allowed: bool) -> BucketState:
        rate = self.policy.per_second
        return BucketState(
            policy=self.policy,
            allowed=allowed,
            remaining=int(tokens),
            reset=math.ceil((self.policy.burst - tokens) / rate),
            retry_after=0 if tokens >= 1 else max(1, math.ceil((1 - tokens) / rate)),
        )


def client_network(host: str | None) -> str:
    """The address of a client; of IPv6 its network, as machines choose the rest of their address freely."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return host or ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(address), _IPV6_NETWORK_BITS), strict=False))
    return str(address)
