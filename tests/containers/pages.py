"""The commands that pages of the project tell their readers to type."""

import re
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]

_OPERATIONS = "docs/operations.md"
_BLOCK = re.compile(r"^(?:    .*\n)+", re.MULTILINE)
_COMMENT = re.compile(r"\s{2,}# .*$")


def commands(page: str, begin: str) -> list[str]:
    """The lines of the one indented block that begins so.

    Args:
        page: from the repository's root.
        begin: of the block, without its indentation.

    Raises:
        LookupError: if there is no such block, or more than one.
    """
    blocks = [dedent(found) for found in _BLOCK.findall((ROOT / page).read_text())]
    found = [block for block in blocks if block.startswith(begin)]
    if len(found) != 1:
        raise LookupError(f"{page} has {len(found)} blocks that begin with {begin!r}")
    return [_COMMENT.sub("", line) for line in found[0].splitlines()]


def first_start() -> list[str]:
    """From nothing to a running service: password, images, first key, start."""
    return commands("README.md", "openssl rand")


def celery() -> list[str]:
    """Celery's commands in a worker's container."""
    return commands(_OPERATIONS, "docker compose exec -T worker celery")


def backup() -> list[str]:
    """A backup with Docker Compose."""
    return commands(_OPERATIONS, "docker compose exec -T postgres pg_dump")


def restore() -> list[str]:
    """That backup as the store."""
    return commands(_OPERATIONS, "docker compose stop worker api")


def upgrade() -> list[str]:
    """A new version of the images in place of the old one."""
    return commands(_OPERATIONS, "docker compose build\ndocker compose stop")


def behind_a_proxy() -> dict[str, str]:
    """Settings of an API that a proxy passes requests on to."""
    return dict(line.split("=", 1) for line in commands(_OPERATIONS, "AYLA_ALLOWED_HOSTS="))
