"""The address of a service: checked, and shown without a user's name and password, which a proxy may ask for."""

import re

import httpx2

from ayla.errors import AylaError

DEFAULT_BASE_URL = "http://127.0.0.1:8642"


def checked(base_url: str) -> httpx2.URL:
    """The URL that every path of the client begins with: without /v1 and a final slash.

    Raises:
        AylaError: if it is no address; what may be a piece of a password is not shown.
    """
    given = "The base URL" if "@" in base_url else repr(base_url)
    try:
        url = httpx2.URL(base_url)
    except (httpx2.InvalidURL, ValueError) as error:
        reason = "" if "@" in base_url else f": {error}"
        raise AylaError(f"{given} is not an address{reason}") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise AylaError(f"{given} is not an address such as {DEFAULT_BASE_URL}.")
    return url.copy_with(path=url.path.rstrip("/").removesuffix("/v1"))


def shown(url: httpx2.URL | str) -> str:
    """A URL for people."""
    return re.sub(r"//[^/]*@", "//", str(url), count=1)
