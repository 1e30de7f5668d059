"""A real RabbitMQ of the test's own, where one is installed, as by Debian's package rabbitmq-server."""

import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from kombu import Connection

from tests.servers import programs
from tests.servers.process import ServerProcess, free_port
from tests.servers.server import Server, running

_PLACES = ("/usr/lib/rabbitmq/bin", "/usr/sbin", "/usr/local/sbin")


def rabbitmq_program() -> str | None:
    """The server, not the script around it that changes the user; None where it is not installed."""
    return shutil.which("rabbitmq-server", path=":".join(_PLACES))


class RabbitServer(Server):
    """A RabbitMQ server with a user of its own."""

    variable = "AYLA_TEST_RABBITMQ_URL"

    def __init__(self, url: str, process: ServerProcess, epmd_port: int) -> None:
        super().__init__(process)
        self.url = url
        self._epmd_port = epmd_port

    @classmethod
    @contextmanager
    def own(cls) -> Iterator[Self]:
        """An empty server on free ports of 127.0.0.1; it is gone afterwards."""
        home = programs.home("rabbitmq")
        with running(home, lambda: cls._made(home)) as server:
            yield server

    def close(self) -> None:
        """End it, and the daemon that knows its port, which goes on by itself."""
        if self._ours().is_running:
            self._ours().kill()
        epmd = shutil.which("epmd")
        if epmd is not None:
            subprocess.run([epmd, "-port", str(self._epmd_port), "-kill"], capture_output=True, check=False)

    @classmethod
    def _made(cls, home: Path) -> Self:
        port, distribution, epmd, password = free_port(), free_port(), free_port(), secrets.token_hex()
        url = f"amqp://ayla:{password}@127.0.0.1:{port}//"
        (home / "rabbitmq.conf").write_text(f"default_user = ayla\ndefault_pass = {password}\n")
        (home / "plugins").write_text("[].\n")
        (home / "rabbitmq.conf").chmod(0o644)
        variables = {
            "HOME": home,
            "ERL_EPMD_PORT": epmd,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"ayla{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": port,
            "RABBITMQ_DIST_PORT": distribution,
            "RABBITMQ_CONFIG_FILE": home / "rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": home / "plugins",
            "RABBITMQ_MNESIA_BASE": home / "mnesia",
            "RABBITMQ_LOG_BASE": home,
            "RABBITMQ_LOGS": "-",
        }
        named = [f"{name}={value}" for name, value in variables.items()]
        process = ServerProcess(["env", *named, str(rabbitmq_program())], home, lambda _: _answers(url))
        return cls(url, process, epmd)


def _answers(url: str) -> bool:
    connection = Connection(url, connect_timeout=2)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.release()
    return True
