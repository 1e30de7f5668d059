"""The container engine of this machine, if there is one."""

import shutil
import subprocess

_SECONDS = 30


def missing() -> str | None:
    """Why no containers can be run here; None if they can."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    for command in (["docker", "compose", "version"], ["docker", "info"]):
        try:
            asked = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return f"'{' '.join(command)}' does not answer within {_SECONDS} s"
        if asked.returncode != 0:
            return f"'{' '.join(command)}' fails: {_last_line(asked.stderr or asked.stdout)}"
    return None


def docker(*arguments: str) -> str:
    """What a command of docker prints.

    Raises:
        subprocess.CalledProcessError: if it fails; with what it said as ``stderr``.
    """
    command = ["docker", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def described() -> str:
    """Versions of engine and Compose, and how the engine stores images."""
    engine = docker("info", "--format", "Docker {{.ServerVersion}}, {{.Driver}} {{.DriverStatus}}").strip()
    compose = docker("compose", "version", "--short").strip()
    store = "containerd" if "containerd" in engine else "classic"
    return f"{engine.partition(',')[0]}, Compose {compose}, {store} image store"


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it says nothing"
