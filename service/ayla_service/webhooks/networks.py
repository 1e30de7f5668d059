"""Which addresses webhooks may go to: those of the public internet, and others only where the operator listed them."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# From IANA's registries of special-purpose addresses: the standard library's is_global leaves some of these out.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers; clouds keep services here
        "127.0.0.0/8",
        "168.63.129.16/32",  # looks public, and is the inside of Azure
        "169.254.0.0/16",  # link-local; clouds keep credentials here
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
    )
)
# Everything else (mapped and translated IPv4, unique local, link-local, site-local, multicast) is outside of it.
_UNICAST_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments, among them Teredo, which carries IPv4 addresses
        "2001:db8::/32",
        "2002::/16",  # 6to4, which carries them too
        "3fff::/20",
    )
)
_OWN = tuple(
    ip_network(block)
    for block in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
)


def is_public(address: Address) -> bool:
    """Whether this is one host of the public internet, and certainly nothing else."""
    if not address.is_global:
        return False
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _NOT_PUBLIC_4)
    return address in _UNICAST_6 and not any(address in block for block in _NOT_PUBLIC_6)


@dataclass(frozen=True, slots=True)
class PrivateHosts:
    """Receivers that the operator trusts although they are not public.

    Attributes:
        names: host names in lower case. One may lead to a public or private address or to this machine, but not to a
            link-local or multicast one: those have to be listed as a network.
        networks: whose addresses are all trusted, whatever name leads there.
    """

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str]) -> "PrivateHosts":
        """From the entries of the setting: names, addresses and networks such as ``10.1.0.0/16``.

        Raises:
            ValueError: on a network that cannot be read.
        """
        names, networks = set(), []
        for entry in entries:
            network = _network(entry)
            if network is None:
                names.add(entry.lower())
            else:
                networks.append(network)
        return cls(frozenset(names), tuple(networks))

    def __bool__(self) -> bool:
        return bool(self.names or self.networks)

    def admit(self, host: str, address: Address) -> bool:
        """Whether a host, in lower case, is listed and may be reached at this address."""
        if any(address in network for network in self.networks):
            return True
        return host in self.names and (is_public(address) or any(address in block for block in _OWN))


def _network(entry: str) -> Network | None:
    try:
        return ip_network(entry)
    except ValueError:
        if "/" in entry:
            raise
        return None
