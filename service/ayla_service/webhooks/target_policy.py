"""Decides, each time anew, whether a webhook may be sent to where its URL leads at this moment."""

from collections.abc import Iterable
from dataclasses import dataclass

from ayla_service.webhooks.networks import Address, PrivateHosts, is_public
from ayla_service.webhooks.resolving import Resolve, Resolver
from ayla_service.webhooks.targets import Refused, Target, parse

PORTS = (443, 8443)
"""Of public receivers."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where to connect to: the addresses were checked, and the name is not looked up again."""

    target: Target
    addresses: tuple[Address, ...]


class Gate:
    """Lets through what is public and reached over HTTPS, and what the operator has listed.

    Args:
        private: receivers that need not be public; they may use HTTP and any port too.
        resolve: finds the addresses of a name.
    """

    def __init__(self, private: PrivateHosts, resolve: Resolve | None = None) -> None:
        self._private = private
        self._resolve = resolve or Resolver()

    @classmethod
    def listing(cls, entries: Iterable[str]) -> "Gate":
        """With the hosts and networks that the settings list as private."""
        return cls(PrivateHosts.of(entries))

    def way(self, url: str, seconds: float) -> Way:
        """Where a URL leads, if a webhook may be sent there.

        Args:
            url: of the receiver.
            seconds: longest time to wait for its addresses.

        Raises:
            Refused: if it may not, with the reason.
        """
        target = parse(url)
        if not self._private:
            _check_public_form(target)
        addresses = [target.address] if target.address is not None else self._resolve(target.host, seconds)
        self._check(target, addresses)
        return Way(target, tuple(addresses))

    def _check(self, target: Target, addresses: list[Address]) -> None:
        """Every address, not only the one that would be used: the others are one answer of a name server away."""
        if not addresses:
            raise Refused("The host's name could not be resolved.")
        listed = [self._private.admit(target.host, address) for address in addresses]
        if not all(known or is_public(address) for known, address in zip(listed, addresses, strict=True)):
            raise Refused(
                "The host's address is private, or of another kind that webhooks are not sent to; "
                "AYLA_WEBHOOK_PRIVATE_HOSTS lists those that they may be sent to nevertheless."
            )
        if not all(listed):
            _check_public_form(target)


def _check_public_form(target: Target) -> None:
    if target.scheme != "https":
        raise Refused("The URL does not begin with https://, as that of a public host has to.")
    if target.port not in PORTS:
        raise Refused(f"The URL's port is {target.port}; a public host has to use {' or '.join(map(str, PORTS))}.")
