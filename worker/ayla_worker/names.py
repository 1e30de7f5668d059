"""Name of this process in the store, known before PyTorch is."""

import os
import secrets
import socket

from ayla_service.queue.workers import WorkerFacts

_LONGEST_HOST = 180
"""With process id and suffix it fits into the store's column."""


def unique_name() -> str:
    """Host and process, for people, and a suffix: process ids come again, in containers at every start."""
    return f"{host()}:{os.getpid()}:{secrets.token_hex(3)}"


def host() -> str:
    """The machine."""
    return socket.gethostname()[:_LONGEST_HOST]


def facts_while_preparing(name: str) -> WorkerFacts:
    """Facts of a worker that cannot serve any device yet: its libraries are loaded and its kernels compiled."""
    return WorkerFacts(name=name, host=host(), pid=os.getpid(), device="", devices=(), memory_bytes=0, environment={})
