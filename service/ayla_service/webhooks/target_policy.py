"""Target policy: which URLs webhooks may be sent to, decided anew for every attempt by the addresses of the host."""

from collections.abc import Iterable
from dataclasses import dataclass

from ayla_service.webhooks.networks import Address, PrivateHosts, is_public
from ayla_service.webhooks.resolving import Resolve, Resolver
from ayla_service.webhooks.targets import Target, TargetRefused, parse

PORTS = (443, 8443)
"""Of public receivers."""


@dataclass(frozen=True, slots=True)
class ResolvedTarget:
    """A target with its checked addresses; the name is not looked up again."""

    target: Target
    addresses: tuple[Address, ...]


class TargetPolicy:
    """Allows public hosts over HTTPS, and the hosts that the operator has listed.

    Args:
        private: receivers that need not be public; they may use HTTP and any port too.
        resolver: finds the addresses of a name. Default: the system's.
    """

    def __init__(self, private: PrivateHosts, resolver: Resolve | None = None) -> None:
        self._private = private
        self._resolver = resolver or Resolver()

    @classmethod
    def allowing(cls, entries: Iterable[str]) -> "TargetPolicy":
        """Policy with the hosts and networks that the settings list as private."""
        return cls(PrivateHosts.of(entries))

    def resolve(self, url: str, seconds: float) -> ResolvedTarget:
        """The target of a URL with its addresses, if a webhook may be sent there.

        Args:
            url: of the receiver.
            seconds: longest time to wait for its addresses.

        Raises:
            TargetRefused: if not, with the reason.
        """
        target = parse(url)
        if not self._private:
            _check_public_form(target)
        addresses = [target.address] if target.address is not None else self._resolver(target.host, seconds)
        self._check(target, addresses)
        return ResolvedTarget(target, tuple(addresses))

    def _check(self, target: Target, addresses: list[Address]) -> None:
        """Check every address, not only the one that would be used: a name server may give them in any order."""
        if not addresses:
            raise TargetRefused("The host's name could not be resolved.")
        listed = [self._private.allows(target.host, address) for address in addresses]
        if not all(known or is_public(address) for known, address in zip(listed, addresses, strict=True)):
            raise TargetRefused(
                "The host's address is private, or of another kind that webhooks are not sent to; "
                "AYLA_WEBHOOK_PRIVATE_HOSTS lists those that they may be sent to nevertheless."
            )
        if not all(listed):
            _check_public_form(target)


def _check_public_form(target: Target) -> None:
    if target.scheme != "https":
        raise TargetRefused("The URL does not begin with https://, as that of a public host has to.")
    if target.port not in PORTS:
        raise TargetRefused(
            f"The URL's port is {target.port}; a public host has to use {' or '.join(map(str, PORTS))}."
        )
