"""What a process in a container can and cannot do."""

import json

from tests.containers.engine import docker
from tests.containers.installation import IMAGES, Installation

_OURS = ("api", "worker")
_VOLUMES = {"api": ["/data/uploads"], "worker": ["/data/datasets", "/data/kernels"]}


def confinement(installation: Installation) -> str:
    """Our processes have no rights, and write to their volumes and /tmp only."""
    for service in _OURS:
        status = installation.inside(service, "cat /proc/self/status")
        fields = {line.partition(":")[0]: line.partition(":")[2].split() for line in status.splitlines()}
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(fields[name][0], 16) == 0, f"{service} has {name} {fields[name]}"
        assert fields["NoNewPrivs"] == ["1"], f"{service} can gain rights"
        assert {*fields["Uid"], *fields["Gid"]} == {"10001"}, f"{service} runs as {fields['Uid']} {fields['Gid']}"
        for folder in ("/", "/home/ayla", "/opt/ayla", "/etc"):
            assert _writes(installation, service, folder) == "no", f"{service} writes to {folder}"
        for folder in ("/tmp", *_VOLUMES[service]):
            assert _writes(installation, service, folder) == "yes", f"{service} cannot write to {folder}"
        found = installation.inside(service, "command -v pip pip3; python -c 'import pip' 2>&1 | tail -1; true")
        assert found.startswith("ModuleNotFoundError"), f"{service} has pip: {found}"
    return "no capabilities, user and group 10001, a file system that cannot be written, no pip"


def limits(installation: Installation) -> str:
    """Processes are limited, and memory without swap, but for the store's."""
    for service in ("postgres", "redis", "api", "worker"):
        host = installation.inspect(service)["HostConfig"]
        assert host["PidsLimit"] > 0, f"{service} may start any number of processes"
        assert host["Memory"] == host["MemorySwap"] or service == "postgres", f"{service} may swap"
        assert (host["Memory"] == 0) == (service == "postgres"), f"{service} may take {host['Memory']} bytes"
    return "processes of all; memory without swap of all but the store"


def exposure(installation: Installation) -> str:
    """Only the API can be reached, from this machine; store and broker are in a network that goes nowhere."""
    for service in ("postgres", "redis", "worker"):
        ports = installation.inspect(service)["NetworkSettings"]["Ports"] or {}
        assert not any(ports.values()), f"{service} publishes {ports}"
    published = installation.inspect("api")["NetworkSettings"]["Ports"]
    assert published == {"8642/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(installation.port)}]}, published
    for service in ("postgres", "redis"):
        networks = installation.inspect(service)["NetworkSettings"]["Networks"]
        internal = [docker("network", "inspect", "--format={{.Internal}}", name).strip() for name in networks]
        assert internal == ["true"], f"{service} is in {list(networks)}"
    return f"only 127.0.0.1:{installation.port}"


def secrets(installation: Installation) -> str:
    """The password is in its file, and nowhere that it can be read without that file."""
    password = (installation.folder / "secrets" / "postgres_password").read_text().strip()
    assert installation.ask("/readyz")[0] == 200  # the password is the one in use
    for service in ("postgres", "redis", "migrate", "api", "worker"):
        assert password not in json.dumps(installation.inspect(service)), f"docker inspect shows it: {service}"
    for service in _OURS:
        shown = installation.inside(service, "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; true")
        assert password not in shown, f"processes of {service} hold it in their environment"
    for image in IMAGES.values():
        assert password not in docker("history", "--no-trunc", image), f"it is in the history of {image}"
        found = docker("run", "--rm", "--entrypoint", "sh", image, "-c", "ls -d /run/secrets* /src* 2>/dev/null; true")
        assert not found.strip(), f"{image} has {found}"
    assert password not in installation.must("docker compose logs"), "it is in the logs"
    return "neither in docker inspect nor in environments, images or logs"


def _writes(installation: Installation, service: str, folder: str) -> str:
    path = f"{folder}/written-by-a-check"
    return installation.inside(service, f"(: > {path}) 2>/dev/null && rm {path} && echo yes || echo no").strip()
