"""Networks that webhooks may be sent to: the public internet, and others only where the operator has listed them."""

from collections.abc import Iterable, Iterator
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
# Where clouds hand a machine its credentials, to whoever asks from the machine itself.
_METADATA = tuple(
    ip_network(block)
    for block in (
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure
        "169.254.0.23/32",  # Tencent
        "169.254.42.42/32",  # Scaleway
        "169.254.169.254/32",  # Amazon, Azure, Google, Oracle, OpenStack and others
        "169.254.170.0/24",  # Amazon's containers
        "192.0.0.192/32",  # Oracle, in the past
        "fd00:42::42/128",  # Scaleway
        "fd00:c1::a9fe:a9fe/128",  # Oracle
        "fd00:ec2::/32",  # Amazon
        "fd20:ce::254/128",  # Google
        "fe80::a9fe:a9fe/128",  # OpenStack
    )
)
# Translators and tunnels whose addresses end with the IPv4 address that they lead to.
_TRANSLATED = tuple(
    IPv6Network(block) for block in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")
)


def is_public(address: Address) -> bool:
    """Whether this is the address of one host of the public internet."""
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
        networks: whose addresses are trusted, whatever name leads there, but for those where clouds keep credentials:
            such a one has to be listed by itself.
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

    def allows(self, host: str, address: Address) -> bool:
        """Whether a host, in lower case, is listed and may be reached at this address."""
        holding = [network for network in self.networks if address in network]
        if _is_metadata(address):
            return any(network.num_addresses == 1 for network in holding)
        if holding:
            return True
        return host in self.names and (is_public(address) or any(address in block for block in _OWN))


def _is_metadata(address: Address) -> bool:
    """Whether a cloud's credentials are kept there, also behind an IPv6 address that leads to an IPv4 one."""
    places = (address, *_carried(address)) if isinstance(address, IPv6Address) else (address,)
    return any(place in block for place in places for block in _METADATA)


def _carried(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that an IPv6 one can lead to."""
    if any(address in block for block in _TRANSLATED):
        yield IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


def _network(entry: str) -> Network | None:
    try:
        return ip_network(entry)
    except ValueError:
        if "/" in entry:
            raise
        return None
