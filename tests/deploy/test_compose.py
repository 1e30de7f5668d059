"""docker-compose.yml and the Dockerfiles keep their promises, and each check finds what breaks one."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.admin.commands import runner
from tests.deploy import compose as promises
from tests.deploy.compose import DOCKERFILES, FILE, ROOT, Compose, Faults

TEXT = FILE.read_text()
FILES = {name: path.read_text() for name, path in DOCKERFILES.items()}

GONE = object()
GPU = [{"driver": "nvidia", "device_ids": ["0"], "capabilities": ["gpu"]}]

Check = Callable[[Compose], Faults]
CHECKS: tuple[Check, ...] = (
    promises.restarts,
    promises.health,
    promises.order,
    promises.gpu,
    promises.patience,
    promises.settings,
    promises.choices,
    promises.builds,
    promises.bounds,
    promises.commands,
    promises.confinement,
    promises.exposure,
    promises.broker,
    promises.uploads,
)
"""Those that look at nothing but the parsed file."""


@pytest.fixture
def compose() -> Compose:
    """The file, for a test to spoil."""
    # By way of JSON, which has no aliases: a change of one service is not to change others.
    content: Compose = json.loads(json.dumps(promises.parsed(TEXT)))
    return content


def change(compose: Compose, path: str, value: object) -> None:
    """Give what lies at a path, within the services, another value; GONE takes it away."""
    *above, last = path.split("/")
    for name in above:
        compose = compose.setdefault(name, {})
    if value is GONE:
        del compose[last]
    else:
        compose[last] = value


def valid(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_file_is_one_of_compose() -> None:
    checked = valid(FILE)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_file_that_is_none_of_compose_is_found(tmp_path: Path) -> None:
    spoiled = tmp_path / "compose.yml"
    spoiled.write_text(TEXT.replace("stop_grace_period", "stop_grace_time", 1))
    checked = valid(spoiled)
    assert checked.returncode != 0
    assert "stop_grace_time" in checked.stdout


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_promise_is_kept(compose: Compose, check: Check) -> None:
    assert list(check(compose)) == []


def test_the_password_is_nowhere_but_in_its_file(compose: Compose) -> None:
    assert list(promises.secrecy(compose, TEXT)) == []


def test_the_images_are_what_they_should_be(compose: Compose) -> None:
    assert list(promises.images(compose, FILES)) == []


def test_images_of_others_have_exact_versions(compose: Compose) -> None:
    assert list(promises.tags(compose, FILES)) == []
    digest = f"@sha256:{'0' * 64}"
    pinned = {name: text.replace("-trixie", f"-trixie{digest}") for name, text in FILES.items()}
    assert list(promises.tags(compose, pinned)) == []
    for image in ("postgres:18", "postgres", "redis:latest", f"redis:8{digest}"):
        change(compose, "services/postgres/image", image)
        assert list(promises.tags(compose, FILES)) == [f"{image} is no exact version"]
    change(compose, "services/postgres/image", "postgres:18.1")
    spoiled = {"api": FILES["api"].replace("3.13-slim-trixie", "3.13-slim", 1)}
    assert list(promises.tags(compose, spoiled)) == ["python:3.13-slim is no exact version"]


BREACHES: tuple[tuple[Check, str, Any], ...] = (
    (promises.restarts, "api/restart", GONE),
    (promises.restarts, "migrate/restart", "unless-stopped"),
    (promises.restarts, "redis/restart", "no"),
    (promises.health, "redis/healthcheck", GONE),
    (promises.health, "postgres/healthcheck", {"interval": "5s"}),
    (promises.health, "api/healthcheck/test", ["CMD", "curl", "http://127.0.0.1:8642/healthz"]),
    (promises.order, "migrate/depends_on/postgres/condition", "service_started"),
    (promises.order, "worker/depends_on/migrate", GONE),
    (promises.order, "api/depends_on/redis/condition", "service_healthy"),
    (promises.gpu, "worker-gpu/profiles", GONE),
    (promises.gpu, "worker/profiles", ["gpu"]),
    (promises.gpu, "worker-gpu/deploy", GONE),
    (promises.gpu, "worker/deploy/resources/reservations/devices", GPU),
    (promises.gpu, "worker-gpu/deploy/resources/reservations/devices", [{"driver": "nvidia", "count": "all"}]),
    (promises.patience, "worker/stop_grace_period", GONE),
    (promises.patience, "api/stop_grace_period", "9s"),
    (promises.patience, "worker-gpu/stop_grace_period", "9s"),
    (promises.settings, "worker/environment/AYLA_LEASE_TIME", "1"),
    (promises.settings, "postgres/environment/AYLA_PASSWORD", None),
    (promises.choices, "api/environment/AYLA_CORS_ORIGINS", GONE),
    (promises.choices, "worker/environment/AYLA_DOWNLOAD_DATASETS", GONE),
    (promises.choices, "api/environment/AYLA_ALLOWED_HOSTS", '["localhost"]'),
    (promises.choices, "api/ports", ["127.0.0.1:8642:8642"]),
    (promises.choices, "worker/build/args/TORCH_INDEX", "https://download.pytorch.org/whl/cpu"),
    (promises.builds, "migrate/build", {"context": ".", "dockerfile": "service/Dockerfile"}),
    (promises.builds, "worker/build", GONE),
    (promises.builds, "api/build/secrets", GONE),
    (promises.bounds, "postgres/deploy", GONE),
    (promises.bounds, "worker/memswap_limit", GONE),
    (promises.bounds, "redis/memswap_limit", "1g"),
    (promises.bounds, "redis/pids_limit", 64),
    (promises.commands, "worker/command", ["ayla-service", "work"]),
    (promises.commands, "worker/command", ["celery", "worker"]),
    (promises.commands, "migrate/command", GONE),
    (promises.confinement, "api/read_only", GONE),
    (promises.confinement, "worker/cap_drop", GONE),
    (promises.confinement, "migrate/security_opt", []),
    (promises.exposure, "api/ports", ["8642:8642"]),
    (promises.exposure, "api/ports", ["0.0.0.0:8642:8642"]),
    (promises.exposure, "redis/ports", ["127.0.0.1:6379:6379"]),
    (promises.exposure, "postgres/networks", ["inside", "outside"]),
    (promises.uploads, "api/environment/TMPDIR", GONE),
    (promises.uploads, "api/environment/TMPDIR", "/tmp/uploads"),
    (promises.uploads, "api/environment/TMPDIR", "/home/ayla"),
    (promises.uploads, "api/volumes", GONE),
    (promises.uploads, "api/tmpfs", ["/tmp", "/data/uploads:size=2g"]),
    (promises.uploads, "api/deploy/resources/limits/memory", "1g"),
    (promises.broker, "redis/command", ["redis-server", "--save", "60 1"]),
    (promises.broker, "redis/command", ["redis-server", "--protected-mode", "yes"]),
    (promises.broker, "redis/command", ["redis-server", "--maxmemory-policy", "allkeys-lru"]),
)


@pytest.mark.parametrize(("check", "path", "value"), BREACHES)
def test_a_broken_promise_is_found(compose: Compose, check: Check, path: str, value: object) -> None:
    change(compose["services"], path, value)
    faults = list(check(compose))
    assert faults
    assert any(path.partition("/")[0].lower() in fault.lower() for fault in faults)


def test_uploads_in_memory_need_as_much_more_of_it(compose: Compose) -> None:
    """The bound on their bytes, twice, decides how much."""
    change(compose, "services/api/environment/TMPDIR", "/tmp")
    change(compose, "services/api/deploy/resources/limits/memory", "4600m")
    assert list(promises.uploads(compose))
    change(compose, "services/api/environment/AYLA_UPLOAD_ROOM_BYTES", str(200 * 2**20))
    assert list(promises.uploads(compose)) == []
    change(compose, "services/api/environment/AYLA_UPLOAD_ROOM_BYTES", str(250 * 2**20))
    assert list(promises.uploads(compose))


def test_every_check_has_a_breach_that_it_finds() -> None:
    assert {check for check, _, _ in BREACHES} == set(CHECKS)


@pytest.mark.parametrize(
    "line",
    [
        "POSTGRES_PASSWORD: hush",
        "POSTGRES_PASSWORD=hush",
        "AYLA_DATABASE_URL: postgresql+psycopg://ayla:hush@postgres/ayla",
        "AYLA_DATABASE_URL: postgresql+psycopg://ayla:${POSTGRES_PASSWORD:-ayla}@postgres/ayla",
        "AYLA_BROKER_URL: redis://:hush@redis:6379/0",
    ],
)
def test_a_password_in_the_file_is_found(compose: Compose, line: str) -> None:
    assert list(promises.secrecy(compose, f"{TEXT}\n{line}")) == [f"a password: {line}"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("secrets/postgres_password/file", "./docs/password"),
        ("services/worker/secrets", GONE),
        ("services/api/environment/AYLA_DATABASE_PASSWORD_FILE", GONE),
        ("services/postgres/environment/POSTGRES_PASSWORD_FILE", "/etc/password"),
    ],
)
def test_a_password_that_does_not_come_from_its_secret_is_found(compose: Compose, path: str, value: object) -> None:
    change(compose, path, value)
    assert list(promises.secrecy(compose, TEXT))


@pytest.mark.parametrize(
    ("image", "old", "new"),
    [
        ("api", "USER ayla", "USER root"),
        ("worker", "USER ayla", ""),
        ("worker", "USER ayla", "USER ayla\nUSER 0"),
        ("api", "--requirement service/requirements.lock", "--requirement worker/requirements.lock"),
        ("api", "--require-hashes ", ""),
        ("worker", "--require-hashes ", ""),
        ("worker", "--requirement worker/", "--requirement service/"),
        ("worker", "--no-deps ", ""),
        ("api", "--no-build-isolation ", ""),
        ("api", "--gid 10001 ", ""),
        ("worker", " --gid ayla", ""),
        ("worker", "--without-pip ", ""),
        ("api", "rm -rf /usr/local/bin/pip*", "rm -rf"),
        ("api", "USER ayla", "RUN pip install requests\nUSER ayla"),
        ("worker", '"$(grep ^torch== constraints.txt)"', "torch"),
        ("api", "USER ayla", "RUN pip install torch\nUSER ayla"),
        ("api", "USER ayla", "RUN apt-get install gcc\nUSER ayla"),
    ],
)
def test_an_image_that_is_not_what_it_should_be_is_found(compose: Compose, image: str, old: str, new: str) -> None:
    assert old in FILES[image]
    assert list(promises.images(compose, FILES | {image: FILES[image].replace(old, new)}))


def test_a_cpu_worker_with_cuda_libraries_is_found(compose: Compose) -> None:
    change(compose, "services/worker/build/args/TORCH_INDEX", "https://pypi.org/simple")
    assert list(promises.images(compose, FILES))


def test_every_file_that_the_images_are_built_from_is_there_and_not_ignored() -> None:
    allowed = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    for text in FILES.values():
        copied = {
            name for found in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for name in found.split()
        }
        assert [name for name in copied if not any(f"{name}/".startswith(f"{each}/") for each in allowed)] == []
        assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize("page", ["docker-compose.yml", "README.md", "docs/operations.md"])
def test_the_first_key_is_made_as_the_pages_say(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = promises.first_key((ROOT / page).read_text())
    assert arguments, page
    ended = runner(tmp_path, monkeypatch, capsys)(*arguments)
    assert ended.code == 0, ended
    assert ended.out.startswith("ayla_")


def test_a_page_that_makes_no_first_key_is_found() -> None:
    assert promises.first_key(TEXT.replace("keys create", "keys make")) == []


def test_secrets_and_settings_of_an_installation_are_ignored() -> None:
    """By Git, for which the folder's page is the one exception, and by the builds, which see what is named only."""
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/.env", "/docker-compose.override.yml"} <= set(ignored)
    assert ignored.index("/secrets/*") < ignored.index("!/secrets/README.md")
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert rules[0] == "*"
    assert not [rule for rule in rules if rule.startswith("!") and "secrets" in rule]
