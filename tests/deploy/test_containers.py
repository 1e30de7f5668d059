"""What of ``make containers`` and ``make pin-images`` can be tried without an engine."""

import re
import shlex
from pathlib import Path

import pytest

from tests.containers import __main__ as containers
from tests.containers import pages, pin_images
from tests.deploy.compose import DOCKERFILES, FILE, ROOT, parsed

DIGEST = "sha256:" + "0123456789abcdef" * 4
TELLS = f"""[ "$3" = inspect ] && echo '{{"schemaVersion": 2, "digest": "{DIGEST}", "size": 1862}}'"""


def docker(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A command in the place of docker, and no other."""
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (None, "there is no docker command"),
        ("echo 'unknown command: docker compose' >&2; exit 1", "'docker compose version' fails: unknown command"),
        ('[ "$1" = compose ] || { echo; echo Is the daemon running?; exit 1; }', "'docker info' fails: Is the daemon"),
    ],
)
def test_without_an_engine_it_is_skipped_with_the_reason(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    script: str | None,
    reason: str,
) -> None:
    if script is None:
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        docker(tmp_path, monkeypatch, script)
    assert containers.main() == 0
    assert capsys.readouterr().out.startswith(f"skipped: {reason}")


def test_the_pages_have_the_commands_that_are_run() -> None:
    services = parsed(FILE.read_text())["services"]
    password, build, key, start = pages.first_start()
    assert "secrets/postgres_password" in password
    assert build == "docker compose build"
    assert shlex.split(key)[:5] == ["docker", "compose", "run", "--rm", "-T"]
    assert start == "docker compose up --detach"
    lines = [*pages.celery(), *pages.backup(), *pages.restore(), *pages.upgrade()]
    asked = [re.fullmatch(r"docker compose (?:exec -T|stop) (.*)", line) for line in lines]
    named = {word for found in asked if found for word in found[1].split() if word in services}
    assert named == {"postgres", "worker", "api"}
    assert set(pages.behind_a_proxy()) <= set(services["api"]["environment"])


def test_a_page_without_its_commands_is_found() -> None:
    with pytest.raises(LookupError, match="0 blocks"):
        pages.commands("README.md", "docker compose explode")


def test_the_proxy_passes_on_what_the_service_needs() -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    directives = {line.strip().rstrip(";") for line in text.splitlines() if not line.strip().startswith("#")}
    assert {
        "proxy_buffering off",
        "proxy_set_header Host $http_host",
        "proxy_set_header X-Forwarded-Proto $scheme",
        "proxy_set_header X-Forwarded-For $remote_addr",
        "client_max_body_size 100m",
    } <= directives


def test_images_are_pinned_and_pinned_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker(tmp_path, monkeypatch, TELLS)
    assert set(pin_images.FILES) == {FILE, *DOCKERFILES.values()}
    for path in pin_images.FILES:
        text = path.read_text()
        once = pin_images.pinned(text)
        tags = re.findall(r"(?:image: |FROM )((?:postgres|redis|python):\S+)", text)
        assert tags
        assert once.count(DIGEST) == len(tags)
        assert all(f"{tag}@{DIGEST}" in once for tag in tags)
        assert re.sub(r"@sha256:\w+", "", once) == text
        monkeypatch.setattr(pin_images, "_digest", lambda _image: f"sha256:{'f' * 64}")
        assert pin_images.pinned(once) == once.replace(DIGEST, f"sha256:{'f' * 64}")
        monkeypatch.undo()
        docker(tmp_path, monkeypatch, TELLS)


@pytest.mark.parametrize("script", ["echo no such image >&2; exit 1", "echo latest", "echo {}"])
def test_a_registry_that_tells_no_digest_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], script: str
) -> None:
    docker(tmp_path, monkeypatch, script)
    before = [path.read_text() for path in pin_images.FILES]
    assert pin_images.main() == 1
    assert "postgres:" in capsys.readouterr().err
    assert [path.read_text() for path in pin_images.FILES] == before
