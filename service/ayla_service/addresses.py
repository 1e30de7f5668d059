"""Checks of URLs, hosts and origins in settings, and their display without secrets.

No error quotes any part of a URL, as it may hold a password.
"""

import ipaddress
import re
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_BROKERS = ("redis", "rediss", "amqp", "amqps")
_STORES = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")
_ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.ASCII)
_HOST_NAME = re.compile(r"([A-Za-z0-9_-]+\.)*(?=[A-Za-z0-9_-]*[A-Za-z_-])[A-Za-z0-9_-]+", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65535

_NOT_A_HOST = "not a host name or address, without scheme, port and path; * stands for nothing"
_NOT_A_PORT = f"the port is not a number from 1 to {_LAST_PORT}"
_ESCAPES = "write / : @ ? in a user's name or password as %2F %3A %40 %3F"
_PARAMETER = r"[A-Za-z_]+="  # how what stands behind the ? of a URL begins
_PARAMETERS = re.compile(rf"{_PARAMETER}[^&]*(?:&{_PARAMETER}[^&]*)*", re.ASCII)
_USER = re.compile(r"[^:/]*(?::[^@]*)?@")  # name and password, as SQLAlchemy finds them
_BROKER_OPTIONS = ("heartbeat", "insist", "login_method")  # and all that begin with ssl_; Celery knows no others
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?", re.ASCII)
_REDIS_PATH = re.compile(r"/{0,2}[0-9]*", re.ASCII)


def checked_store(url: str) -> str:
    """The URL of a store, if it is a persistent one.

    Raises:
        ValueError: if it does not.
    """
    try:
        parts = make_url(url)
    except ArgumentError:
        raise ValueError("a store is postgresql+psycopg://user@host/database or sqlite:////path/to/ayla.db") from None
    except ValueError:
        raise ValueError(f"{_NOT_A_PORT}; {_ESCAPES}") from None
    if parts.drivername not in _STORES:
        raise ValueError("a store's URL begins with postgresql+psycopg:// or sqlite:///")
    if parts.get_backend_name() == "sqlite":
        _check_file(parts)
    else:
        _check_server(parts, url)
    return url


def sqlite_url(path: str) -> str:
    """The URL of an SQLite file, whatever characters its path has."""
    return URL.create("sqlite", database=path).render_as_string()


def redacted_url(url: str) -> str:
    """A store for people: where it is, and no password, which the query can hold as well."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        return str(parts.database)
    places = {name: value for name, value in parts.query.items() if name in ("host", "port")}
    return parts.set(query=places).render_as_string(hide_password=True)


def with_password(url: str | None, password: str) -> str:
    """The URL of a store with the password of a file.

    Raises:
        ValueError: if it has no place for one.
    """
    try:
        parts = None if url is None else make_url(url)
    except (ArgumentError, ValueError):
        parts = None
    if parts is None or parts.username is None or parts.password is not None or "password" in parts.query:
        raise ValueError("it needs an AYLA_DATABASE_URL with a user and without a password")
    return parts.set(password=password).render_as_string(hide_password=False)


def checked_broker(url: str) -> str:
    """The URL of a broker, if Celery can take it.

    Raises:
        ValueError: if not.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in _BROKERS:
        raise ValueError(f"a broker's URL begins with {', '.join(f'{name}://' for name in _BROKERS)}")
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        has_port = False
    if not has_port or parts.netloc.count("@") > 1:
        raise ValueError(f"{_NOT_A_PORT}; {_ESCAPES}")
    if not parts.hostname:
        raise ValueError("it names no host")
    if scheme.startswith("redis") and not _REDIS_PATH.fullmatch(parts.path):
        raise ValueError("the path of a redis:// URL is the number of a database, such as /0")
    _check_broker_options(parts.query)
    return url


def checked_mirror(url: str) -> str:
    """The URL below which files are downloaded.

    Raises:
        ValueError: if it is none.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _DEFAULT_PORTS and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("a mirror is https://host/path/ or http://host/path/, without user, query and fragment")
    return url


def checked_host(entry: str) -> str:
    """A host's name or an address, as clients write it; anything else would silently match nothing.

    Raises:
        ValueError: if it is neither.
    """
    if not _HOST_NAME.fullmatch(entry) and not _is_network(f"{entry}/{128 if ':' in entry else 32}"):
        raise ValueError(_NOT_A_HOST)
    # The same IPv6 address can be written in many ways, of which browsers take the shortest.
    return str(ipaddress.ip_address(entry)) if ":" in entry else entry


def checked_network(entry: str) -> str:
    """An address or a network.

    Raises:
        ValueError: if it is neither.
    """
    if not _is_network(entry):
        raise ValueError("not an address or a network such as 10.1.0.0/16, whose address has zeros behind its length")
    return entry


def checked_receiver(entry: str) -> str:
    """A host's name, an address or a network.

    Raises:
        ValueError: if it is none of them.
    """
    return checked_network(entry) if "/" in entry else checked_host(entry)


def checked_origin(entry: str) -> str:
    """An origin as browsers write it. Not ``*``: every page that a user looks at could use an open service then.

    Raises:
        ValueError: if it is none.
    """
    found = _ORIGIN.fullmatch(entry.lower().removesuffix("/"))
    if found is None:
        raise ValueError("an origin is a scheme, a host and perhaps a port: https://ayla.example.org")
    scheme, host, digits = found.groups()
    name = checked_host(host.strip("[]").removesuffix("."))
    host = f"[{name}]" if ":" in name else host
    port = _DEFAULT_PORTS[scheme] if digits is None else int(digits)
    if not 0 < port <= _LAST_PORT:
        raise ValueError(_NOT_A_PORT)
    # Browsers leave the port of the scheme out.
    return f"{scheme}://{host}" if port == _DEFAULT_PORTS[scheme] else f"{scheme}://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own, which no other reaches."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_file(parts: URL) -> None:
    if parts.host is not None or parts.query:
        raise ValueError("the URL of SQLite is sqlite:/// and a path, with %3F for a ? in it, and nothing else")
    path = parts.database or ":memory:"
    if path == ":memory:" or path.startswith("file:"):
        raise ValueError("it is not a file on disk, so everything would be lost; name a path: sqlite:////path/ayla.db")


def _check_broker_options(query: str) -> None:
    """Celery would meet an option that it does not know when it connects, and so after the start."""
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in _BROKER_OPTIONS and not name.startswith("ssl_"):
            known = ", ".join(_BROKER_OPTIONS)
            raise ValueError(f"it has an option that Celery does not know; there are {known} and those of TLS, ssl_…")
        if name == "heartbeat" and not _NUMBER.fullmatch(value):
            raise ValueError("heartbeat is a number of seconds, such as 10")


def _check_server(parts: URL, url: str) -> None:
    if url.partition("?")[0].count("@") > 1 or "@" in (parts.host or "") or _is_torn(url):
        raise ValueError(_ESCAPES)
    if parts.port is not None and not 0 < parts.port <= _LAST_PORT:
        raise ValueError(_NOT_A_PORT)


def _is_torn(url: str) -> bool:
    """Whether an unescaped @ or ? of a password was taken for a separator.

    The host, which errors show, would be the end of the password.
    """
    rest = url.partition("://")[2]
    found = _USER.match(rest)
    user = found[0] if found else ""
    parameters = rest.removeprefix(user).partition("?")[2]
    is_of_user = user.count("@") > 1 or re.search(rf"\?{_PARAMETER}", user) is not None
    return is_of_user or ("@" in parameters and not _PARAMETERS.fullmatch(parameters))


def _is_network(entry: str) -> bool:
    try:
        ipaddress.ip_network(entry)
    except ValueError:
        return False
    return True
