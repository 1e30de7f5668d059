"""Serves the application over HTTP until a signal asks it to stop."""

import contextlib
import gc
import math
import os
import resource
import signal
import socket
import sys
import threading

import uvicorn
from fastapi import FastAPI

from ayla_service.processes.connections import KEEP_ALIVE_SECONDS, bounded_protocol
from ayla_service.settings import Settings

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_OTHER_FILES = 512
_GARBAGE_THRESHOLDS = (50_000, 20, 20)
"""New objects after which the garbage collector looks for cycles; its default is 700, and a body can have 300,000."""


class ApiServer(uvicorn.Server):
    """Server that ends live streams when it begins to stop: uvicorn waits for those, which do not end by themselves."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        assert isinstance(self.config.app, FastAPI)  # noqa: S101  # what it is given below
        self.config.app.state.events.stop()
        await super().shutdown(sockets)


def serve_until_stopped(app: FastAPI, listener: socket.socket, settings: Settings) -> None:
    """Serve on ``listener``; on SIGINT or SIGTERM let requests in progress end, and return."""
    _allow_files(settings.max_connections)
    server = ApiServer(configuration(app, settings))

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    # uvicorn raises the signal anew when it has stopped: this handler ends nothing, so the caller can clean up.
    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    # Without this the garbage collector scans the whole program for every large body, while nobody is served.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    server.run(sockets=[listener])


def configuration(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """Configuration of uvicorn."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        http=bounded_protocol(settings.client_seconds, settings.max_connections),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=math.ceil(settings.shutdown_seconds),
    )


def _allow_files(connections: int) -> None:
    """Raise the limit of open files to one for each connection and some more; the usual 1024 is soon reached."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return
    # Where the system has another limit besides, that one stays.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def stop_with_parent() -> None:
    """Ask this process to stop when its standard input ends, which is when the process at the other end is gone."""
    descriptor = sys.stdin.fileno()

    def wait_for_end_of_file() -> None:
        # Not sys.stdin.read: the lock of its buffer, held by this thread at exit, would abort the interpreter.
        while os.read(descriptor, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_end_of_file, name="parent-watch", daemon=True).start()
