"""The client for ordinary programs, from the one for asyncio: its text without ``async`` and ``await``."""

import re

_HEADER = "# Generated from ayla/_async/{name} by `make client`; changes belong there.\n"

# Names that are not what they are called with "Async" taken off the front.
_NAMES = {
    "StopAsyncIteration": "StopIteration",
    "asynccontextmanager": "contextmanager",
    "aclosing": "closing",
    "aclose": "close",
    "anext": "next",
    "aread": "read",
    "aiter_lines": "iter_lines",
    "aiter_bytes": "iter_bytes",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "_async": "_sync",
}

_RULES = (
    (re.compile(r"\basync (def|for|with)\b"), r"\1"),
    (re.compile(r"\bawait "), ""),
    (re.compile(r"\bAwaitable\[((?:[^\[\]]|\[(?:[^\[\]]|\[[^\[\]]*\])*\])*)\]"), r"\1"),
    (re.compile(r"\bAsync(?=[A-Z])"), ""),
    *((re.compile(rf"(?<![\w]){re.escape(old)}(?!\w)"), new) for old, new in _NAMES.items()),
)


def text(name: str, source: str) -> str:
    """A module of ``ayla._async`` as one of ``ayla._sync``."""
    for pattern, replacement in _RULES:
        source = pattern.sub(replacement, source)
    return _HEADER.format(name=name) + source
