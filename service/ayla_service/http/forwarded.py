"""Whether a proxy says that it passes on the request of another machine."""

import ipaddress
import re
from collections.abc import Iterator

from starlette.datastructures import Headers

_FOR = re.compile(r"\bfor\s*=\s*\"?([^\";,\s]+)", re.IGNORECASE)
_LISTS = ("x-forwarded-for", "x-real-ip")


def is_from_elsewhere(headers: Headers) -> bool:
    """Whether a header names a client that is not this machine, or cannot be read.

    A proxy need not say so, so that none does is no proof of anything.
    """
    return not all(_is_here(address) for address in _clients(headers))


def _clients(headers: Headers) -> Iterator[str]:
    for name in _LISTS:
        for line in headers.getlist(name):
            yield from (part.strip() for part in line.split(",") if part.strip())
    for line in headers.getlist("forwarded"):
        yield from _FOR.findall(line)


def _is_here(text: str) -> bool:
    """Whether this is a loopback address; either kind may have a port."""
    bracketed = re.fullmatch(r"\[([^\[\]]*)\](?::\d+)?", text)
    host = bracketed[1] if bracketed else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
