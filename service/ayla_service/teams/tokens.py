"""Secrets that callers show: API keys, and the tokens of sessions. The store has their digests only."""

import hashlib
import re
import secrets

KEY_PREFIX = "ayla_"

_RANDOM_BYTES = 32
_LIKE_A_KEY = re.compile(rf"{KEY_PREFIX}[A-Za-z0-9_-]{{20,}}", re.ASCII)


def new_key() -> str:
    """A new key of 256 random bits."""
    return KEY_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def new_session_token() -> str:
    """A new token of 256 random bits."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def digest_of(secret: str) -> str:
    """SHA-256 digest of a key or token, which is all that the store keeps of it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def without_keys(text: str) -> str:
    """A text for a log, with everything cut that could be a key which was sent in the wrong place."""
    return _LIKE_A_KEY.sub(f"{KEY_PREFIX}…", text)
