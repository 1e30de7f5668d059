"""The base URL of a service; messages show it without the user name and password that a proxy may ask for."""

import re

import httpx2

from ayla.errors import AylaError

DEFAULT_BASE_URL = "http://127.0.0.1:8642"


def parse_base_url(base_url: str) -> httpx2.URL:
    """The URL in front of every path of a request: without /v1 and a final slash.

    Raises:
        AylaError: it is not an address; the message does not show what may be part of a password.
    """
    named = "The base URL" if "@" in base_url else repr(base_url)
    try:
        url = httpx2.URL(base_url)
    except (httpx2.InvalidURL, ValueError) as error:
        reason = "" if "@" in base_url else f": {error}"
        raise AylaError(f"{named} is not an address{reason}") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise AylaError(f"{named} is not an address such as {DEFAULT_BASE_URL}.")
    return url.copy_with(path=url.path.rstrip("/").removesuffix("/v1"))


def without_credentials(url: httpx2.URL | str) -> str:
    """A URL as text for messages, without user name and password."""
    return re.sub(r"//[^/]*@", "//", str(url), count=1)
