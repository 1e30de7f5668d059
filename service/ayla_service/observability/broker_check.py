"""Check of the broker over a plain socket, as the API has to work without Celery."""

import contextlib
import socket
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote, urlsplit

_SECONDS = 1.0
_PORTS = {"redis": 6379, "rediss": 6379, "sentinel": 26379, "amqp": 5672, "amqps": 5671, "pyamqp": 5672}
_LONGEST_REASON = 200
_LATER = "workers look by their timer"


def broker_fault(url: str) -> str | None:
    """Fault of the broker, in words that show no password; None if it answers.

    Args:
        url: as Celery takes it. Of several, separated by semicolons, one that answers is enough.
    """
    faults = [_fault(part.strip()) for part in url.split(";") if part.strip()]
    return None if None in faults else "; ".join([*filter(None, faults), _LATER])


def _fault(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        place = _place(parts)
    except ValueError:
        return "its address makes no sense"
    try:
        with _connected(parts) as connection:
            return _redis_fault(connection, parts, place) if _speaks_redis(parts) else None
    except OSError:
        return f"does not answer at {place}"


def _place(parts: SplitResult) -> str:
    """Where the broker is, for people: no user, no password."""
    if parts.scheme.endswith("socket"):
        return parts.path
    return f"{parts.hostname or 'localhost'}:{_port(parts)}"


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS.get(parts.scheme, 5672)


def _speaks_redis(parts: SplitResult) -> bool:
    """Whether it can be asked in plain words. Behind TLS and for other brokers a connection has to do."""
    return parts.scheme in ("redis", "redis+socket")


@contextlib.contextmanager
def _connected(parts: SplitResult) -> Iterator[socket.socket]:
    if parts.scheme.endswith("socket"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(parts.path)
            yield connection
        return
    with socket.create_connection((parts.hostname or "localhost", _port(parts)), _SECONDS) as connection:
        yield connection


def _redis_fault(connection: socket.socket, parts: SplitResult, place: str) -> str | None:
    answers = connection.makefile("rb")
    if parts.password:
        user = [unquote(parts.username)] if parts.username else []
        connection.sendall(_command("AUTH", *user, unquote(parts.password)))
        if not answers.readline(1000).startswith(b"+"):
            return f"refuses the password at {place}"
    connection.sendall(_command("PING"))
    answer = answers.readline(1000)
    if answer.startswith(b"+"):
        return None
    if answer.startswith(b"-NOAUTH"):
        return f"asks for a password at {place}"
    return f"refuses at {place}: {_reason(answer)}" if answer else f"does not answer at {place}"


def _reason(refusal: bytes) -> str:
    """The first sentence of what Redis says, as that it still loads, or that protected mode keeps others out."""
    sentence, _, _ = refusal.removeprefix(b"-").strip().decode("ascii", "replace").partition(". ")
    return sentence[:_LONGEST_REASON]


def _command(*words: str) -> bytes:
    """A command in Redis's protocol, every word with its length so that it can hold anything."""
    encoded = [word.encode() for word in words]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
