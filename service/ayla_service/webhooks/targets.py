"""Strict parser of receivers' URLs: whatever two programs could read differently is refused.

Nothing is repaired. A name in another script, a dot at the end, an address written in octal or as one number are ways
to make a check see another host than the connection does.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from ayla_service.webhooks.networks import Address

MAX_URL_LENGTH = 2000

_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65535
_MAX_HOST_LENGTH = 253

_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+", re.ASCII)
_URL = re.compile(r"(https?)://([^/?]*)((?:[/?].*)?)", re.ASCII | re.IGNORECASE)
_NAMED = re.compile(r"([A-Za-z0-9._-]+)(?::([0-9]+))?", re.ASCII)
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::([0-9]+))?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)


class TargetRefused(Exception):
    """A URL that webhooks may not be sent to; the reason is a sentence for its owner."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """Target of a URL.

    Attributes:
        scheme: http or https.
        host: a name in lower case, or an address without brackets.
        port: given, or the scheme's own.
        resource: path and query, as they go into the request.
        address: the host, where the URL names an address itself.
    """

    scheme: str
    host: str
    port: int
    resource: str
    address: Address | None = None

    @property
    def authority(self) -> str:
        """Value of the Host header."""
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse(url: str) -> Target:
    """Parse a URL.

    Raises:
        TargetRefused: if it is not plainly the URL of a host over HTTP or HTTPS.
    """
    if len(url) > MAX_URL_LENGTH:
        raise TargetRefused(f"The URL is longer than {MAX_URL_LENGTH} characters.")
    if "#" in url:
        raise TargetRefused("The URL has a fragment (#…), which is never sent; leave it out.")
    if not _CHARACTERS.fullmatch(url):
        raise TargetRefused(
            "The URL has characters that URLs do not have. Write others percent-encoded in path and query, and the "
            "host in its ASCII form (xn--…)."
        )
    found = _URL.fullmatch(url)
    if found is None:
        raise TargetRefused("The URL does not begin with https:// and a host.")
    scheme, authority, rest = found[1].lower(), found[2], found[3]
    if "@" in authority:
        raise TargetRefused("The URL has a user name or password before the host; leave it out.")
    if _BAD_ESCAPE.search(rest):
        raise TargetRefused("The URL has a % that is not followed by two hexadecimal digits.")
    resource = rest if rest.startswith("/") else f"/{rest}"
    return _located(scheme, authority, resource)


def _located(scheme: str, authority: str, resource: str) -> Target:
    bracketed, named = _BRACKETED.fullmatch(authority), _NAMED.fullmatch(authority)
    found = bracketed or named
    if found is None:
        raise TargetRefused("The URL's host is not a name of letters, digits, dots and hyphens, nor an address.")
    address: Address | None = _address_6(found[1]) if bracketed else _address_4(found[1].lower())
    host = _name(found[1].lower()) if address is None else str(address)
    return Target(scheme, host, _port(found[2], _PORTS[scheme]), resource, address)


def _port(digits: str | None, default: int) -> int:
    if digits is None:
        return default
    if digits.startswith("0") or len(digits) > len(str(_MAX_PORT)) or int(digits) > _MAX_PORT:
        raise TargetRefused(f"The URL's port is not a number from 1 to {_MAX_PORT}.")
    return int(digits)


def _address_6(text: str) -> IPv6Address:
    try:
        return IPv6Address(text)
    except ValueError:
        raise TargetRefused("The URL's host in brackets is not an IPv6 address.") from None


def _address_4(host: str) -> IPv4Address | None:
    """The address, if the host is written as one; a name's last part is never a number."""
    if not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        return IPv4Address(host)
    except ValueError:
        raise TargetRefused("The URL's host is not an IPv4 address of four decimal numbers.") from None


def _name(host: str) -> str:
    if host.endswith("."):
        raise TargetRefused("The URL's host ends with a dot; leave it out.")
    if len(host) > _MAX_HOST_LENGTH or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise TargetRefused("The URL's host is not a name that a host can have.")
    return host
