"""HTTP client of webhooks: one request to checked addresses, within a fixed time, with little of the answer read.

The exchange is written out over h11 instead of left to an HTTP client, because every connection has to go to an address
that the target policy has checked: no second look-up of the name, no redirects, no proxies of the environment.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address
from typing import TypeVar

import h11

from ayla_service import __version__
from ayla_service.webhooks.networks import Address
from ayla_service.webhooks.target_policy import ResolvedTarget, TargetPolicy
from ayla_service.webhooks.targets import TargetRefused

Wanted = TypeVar("Wanted", bound=h11.Event)

TIMEOUT_SECONDS = 15.0

_MOST_ADDRESSES = 4
_MOST_HEAD_BYTES = 16 * 1024
_MOST_BODY_BYTES = 4 * 1024
_READ_BYTES = 4096
_BODY_SECONDS = 1.0
_MOST_RETRY_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Reply:
    """Reply of a receiver to one attempt.

    Attributes:
        status: HTTP status of the answer; None if there was none.
        error: a sentence for the webhook's owner; None if it was received.
        retry_after: seconds to wait before the next attempt, where the receiver says so.
    """

    status: int | None
    error: str | None
    retry_after: float | None = None

    @property
    def is_received(self) -> bool:
        """Whether the receiver has accepted the message."""
        return self.error is None

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants no more messages, ever."""
        return self.status == 410


class Sender:
    """Sends messages to the targets that a policy allows.

    Args:
        policy: checks the target before every connection.
        timeout_seconds: for everything, from looking up the name to the head of the answer.
        context: of TLS. Default: the system's authorities, names checked.
    """

    def __init__(
        self, policy: TargetPolicy, timeout_seconds: float = TIMEOUT_SECONDS, context: ssl.SSLContext | None = None
    ) -> None:
        self._policy = policy
        self._timeout_seconds = timeout_seconds
        self._context = context

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Post a message. A failure of any kind is a reply with an error, and raises nothing."""
        deadline = _Deadline(self._timeout_seconds)
        try:
            resolved = self._policy.resolve(url, deadline.remaining())
            with self._connected(resolved, deadline) as connection:
                return _reply(_exchange(connection, _request(resolved, headers, body), deadline))
        except TargetRefused as refused:
            return Reply(None, refused.reason)
        except (OSError, h11.RemoteProtocolError) as error:
            return Reply(None, _described(error))

    def _connected(self, resolved: ResolvedTarget, deadline: "_Deadline") -> socket.socket:
        """A connection to the first of the addresses that answers, encrypted where the URL says so."""
        addresses = resolved.addresses[:_MOST_ADDRESSES]
        for place, address in enumerate(addresses, start=1):
            try:
                plain = _connection(address, resolved.target.port, deadline.remaining() / (len(addresses) - place + 1))
                break
            except OSError:
                if place == len(addresses):
                    raise
        if resolved.target.scheme == "http":
            return plain
        with contextlib.ExitStack() as stack:
            stack.callback(plain.close)
            plain.settimeout(deadline.remaining())
            # The certificate has to be the name's, whichever of its addresses this is.
            encrypted = (self._context or _default_context()).wrap_socket(plain, server_hostname=resolved.target.host)
            stack.pop_all()
            return encrypted


@cache
def _default_context() -> ssl.SSLContext:
    """Reading all authorities takes a while, so it is done once, and not before there is something to send."""
    return ssl.create_default_context()


class _Deadline:
    """Deadline of one attempt; each step gets the time that is left, so that slow steps do not add up."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left.

        Raises:
            TimeoutError: if there are none.
        """
        seconds = self._at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def at_most(self, seconds: float) -> "_Deadline":
        """The earlier of this moment and one so many seconds from now."""
        return _Deadline(min(seconds, self._at - time.monotonic()))


def _connection(address: Address, port: int, seconds: float) -> socket.socket:
    """Connect to exactly this address."""
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect((str(address), port))
    except OSError:
        connection.close()
        raise
    return connection


def _request(resolved: ResolvedTarget, headers: Mapping[str, str], body: bytes) -> tuple[h11.Request, h11.Data]:
    fields = {
        "Host": resolved.target.authority,
        "User-Agent": f"ayla-service/{__version__}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    return h11.Request(method="POST", target=resolved.target.resource, headers=list(fields.items())), h11.Data(
        data=body
    )


def _exchange(connection: socket.socket, request: tuple[h11.Request, h11.Data], deadline: _Deadline) -> h11.Response:
    """Send the request; returns the head of its answer."""
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD_BYTES)
    parts = [http.send(part) or b"" for part in (*request, h11.EndOfMessage())]
    connection.settimeout(deadline.remaining())
    connection.sendall(b"".join(parts))
    response = _next(http, connection, deadline, _MOST_HEAD_BYTES, h11.Response)
    # What the receiver decided is known by now: a body that is slow or too long changes nothing.
    with contextlib.suppress(OSError, h11.RemoteProtocolError):
        _next(http, connection, deadline.at_most(_BODY_SECONDS), _MOST_BODY_BYTES, h11.EndOfMessage)
    return response


def _next(
    http: h11.Connection,
    connection: socket.socket,
    deadline: _Deadline,
    most_bytes: int,
    wanted: type[Wanted],
) -> Wanted:
    """Read on until there is an event of this kind."""
    read = 0
    while True:
        event = http.next_event()
        if isinstance(event, wanted):
            return event
        if event is h11.NEED_DATA:
            if read >= most_bytes:
                raise h11.RemoteProtocolError("the answer goes on for too long")
            connection.settimeout(deadline.remaining())
            data = connection.recv(_READ_BYTES)
            read += len(data)
            http.receive_data(data)
        elif not isinstance(event, h11.InformationalResponse | h11.Data):
            raise h11.RemoteProtocolError("the answer ended early")


def _reply(response: h11.Response) -> Reply:
    status = response.status_code
    if 200 <= status < 300:
        return Reply(status, None)
    if 300 <= status < 400:
        return Reply(status, f"The receiver answered {status}; redirects are not followed.")
    return Reply(status, f"The receiver answered {status}.", _retry_after(response))


def _retry_after(response: h11.Response) -> float | None:
    """Of the two forms of this header the one in seconds."""
    for name, value in response.headers:
        if name == b"retry-after" and value.isdigit() and len(value) <= _MOST_RETRY_DIGITS:
            return float(value)
    return None


def _described(error: Exception) -> str:
    """A sentence about an error that gives away nothing of this machine."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The receiver's certificate is not valid: {error.verify_message}."
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    return "The receiver cannot be reached."


_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, "The receiver did not answer in time."),
    (ssl.SSLEOFError, "The connection broke off before there was an answer."),
    (ssl.SSLZeroReturnError, "The connection broke off before there was an answer."),
    (ssl.SSLError, "No encrypted connection could be made to the receiver."),
    (ConnectionRefusedError, "The receiver refused the connection."),
    (ConnectionError, "The connection broke off before there was an answer."),
    (h11.RemoteProtocolError, "The receiver's answer was not HTTP, or broke off."),
)
