"""Name resolution with a timeout."""

import queue
import socket
import threading
from collections.abc import Callable
from ipaddress import ip_address

from ayla_service.webhooks.networks import Address
from ayla_service.webhooks.targets import TargetRefused

Resolve = Callable[[str, float], list[Address]]
"""The addresses of a host name, found within so many seconds; raises ``TargetRefused`` where there are none."""

_AT_ONCE = 64


class Resolver:
    """The system's own resolver, with a timeout.

    A look-up cannot be interrupted, so each is made in a thread of its own, which is left behind when it takes too
    long; the number of these threads is bounded.
    """

    def __init__(self) -> None:
        self._threads = threading.BoundedSemaphore(_AT_ONCE)

    def __call__(self, host: str, seconds: float) -> list[Address]:
        """The addresses of a name, in the order to try them.

        Raises:
            TargetRefused: if there are none, or none within this time.
        """
        if not self._threads.acquire(blocking=False):
            raise TargetRefused("Too many host names are being looked up at the moment.")
        answers: queue.SimpleQueue[list[Address] | None] = queue.SimpleQueue()
        threading.Thread(target=self._resolve_in_thread, args=(host, answers), name="resolver", daemon=True).start()
        try:
            found = answers.get(timeout=seconds)
        except queue.Empty:
            raise TargetRefused("The host's name could not be resolved in time.") from None
        if not found:
            raise TargetRefused("The host's name could not be resolved.")
        return found

    def _resolve_in_thread(self, host: str, answers: "queue.SimpleQueue[list[Address] | None]") -> None:
        try:
            answers.put(_look_up(host))
        finally:
            self._threads.release()


def _look_up(host: str) -> list[Address] | None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, ValueError):  # a name that cannot be one raises UnicodeError
        return None
    return list(dict.fromkeys(ip_address(place[0]) for _, _, _, _, place in found))
