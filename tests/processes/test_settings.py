"""Settings come from the environment and have working defaults."""

from pathlib import Path

import pytest
from ayla_service.addresses import redacted_url
from ayla_service.processes.startup import StartError, load_settings
from ayla_service.settings import Settings
from pydantic import ValidationError
from sqlalchemy import make_url

pytestmark = pytest.mark.every_store


def test_the_defaults_are_the_embedded_service() -> None:
    settings = Settings()
    assert settings.is_embedded
    assert settings.store_url == f"sqlite:///{Path('ayla-data/ayla.db').absolute()}"
    assert (settings.host, settings.port) == ("127.0.0.1", 8642)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_DATABASE_URL", "postgresql+psycopg://db/ayla")
    monkeypatch.setenv("AYLA_LEASE_SECONDS", "45")
    settings = Settings()
    assert settings.store_url == "postgresql+psycopg://db/ayla"
    assert settings.lease_seconds == 45
    assert not settings.is_embedded


@pytest.mark.parametrize(
    ("host", "allowed", "names"),
    [
        ("127.0.0.1", None, {"localhost", "127.0.0.1", "::1"}),
        ("127.0.0.2", None, {"localhost", "127.0.0.1", "::1", "127.0.0.2"}),
        ("0.0.0.0", None, None),
        ("gpu-3.example.org", None, None),
        ("0.0.0.0", ["AYLA.example.org"], {"localhost", "127.0.0.1", "::1", "ayla.example.org"}),
    ],
)
def test_the_hosts_that_requests_may_name(host: str, allowed: list[str] | None, names: set[str] | None) -> None:
    assert Settings(host=host, allowed_hosts=allowed).host_names == names


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("LEASE_SECONDS", "0"),
        ("LEASE_SECONDS", "2"),
        ("LEASE_SECONDS", "inf"),
        ("HEARTBEAT_SECONDS", "20"),
        ("TORCH_THREADS", "0"),
        ("LOG_LEVEL", "loud"),
        ("RATE_LIMIT_PER_MINUTE", "-1"),
        ("RATE_LIMIT_BURST", "0"),
        ("CLIENT_SECONDS", "0"),
        ("MAX_CONNECTIONS", "0"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("TRUSTED_PROXIES", "10.1.0.1/16"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example:0"),
        ("CORS_ORIGINS", "https://a.example:70000"),
        ("CORS_ORIGINS", "https://a.example/app"),
        ("CORS_ORIGINS", "https://*.a.example"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "*.a.example"),
        ("ALLOWED_HOSTS", "https://a.example"),
        ("ALLOWED_HOSTS", "a.example:8642"),
        ("ALLOWED_HOSTS", "a.example/ayla"),
        ("ALLOWED_HOSTS", "a.example."),
        ("ALLOWED_HOSTS", "[::1]"),
        ("ALLOWED_HOSTS", "10.0.0.0/8"),
        ("ALLOWED_HOSTS", "10.0.1"),
        ("ALLOWED_HOSTS", ""),
        ("ALLOWED_HOSTS", "[]"),
        ("TRUSTED_PROXIES", "*"),
        ("WEBHOOK_PRIVATE_HOSTS", "*"),
        ("WEBHOOK_PRIVATE_HOSTS", "http://hooks.internal"),
        ("WEBHOOK_PRIVATE_HOSTS", "hooks.internal:9000"),
        ("WEBHOOK_PRIVATE_HOSTS", "10.0.1"),
        ("WEBHOOK_PRIVATE_HOSTS", "10.0.0.1/8"),
        ("MNIST_MIRRORS", "mirror.example"),
        ("MNIST_MIRRORS", "ftp://mirror.example/"),
        ("MNIST_MIRRORS", "https://user:word@mirror.example/"),
        ("FASHION_MNIST_MIRRORS", "https://mirror.example/?of=mnist"),
        ("FASHION_MNIST_MIRRORS", "https:///mnist/"),
        ("LEASE_SECONDS", "1e300"),
        ("SHARE_HALF_LIFE_SECONDS", "1e10"),
        ("DATA_DIR", ""),
        ("DATASETS_DIR", ""),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:///%3Amemory%3A"),
        ("DATABASE_URL", "sqlite+pysqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:///file::memory:"),
        ("DATABASE_URL", "sqlite:///file::memory:?uri=true"),
        ("DATABASE_URL", "sqlite:///file:/tmp/ayla.db?mode=memory&cache=shared&uri=true"),
        ("DATABASE_URL", "sqlite:////tmp/ayla.db?mode=memory"),
        ("DATABASE_URL", "sqlite:///file:/ayla.db?vfs=memdb&uri=true"),
        ("DATABASE_URL", "sqlite://host/ayla.db"),
        ("DATABASE_URL", "sqlite+aiosqlite:////tmp/ayla.db"),
        ("DATABASE_URL", "postgresql://ayla@db/ayla"),
        ("DATABASE_URL", "mysql+pymysql://ayla@db/ayla"),
        ("DATABASE_URL", "postgresql+psycopg://ayla@db:0/ayla"),
        ("DATABASE_URL", "postgresql+psycopg://ayla:a@b@db/ayla"),
        ("DATABASE_URL", "postgresql+psycopg://ayla:a@b?c@db/ayla"),
        ("DATABASE_URL", "postgresql+psycopg://ayla:a@b/c?d@db/ayla"),
        ("DATABASE_URL", "postgresql+psycopg://db?password=a@b"),
        ("DATABASE_URL", "postgresql+psycopg://db:5432/ayla?password=a@b"),
        ("DATABASE_URL", "postgresql+psycopg://ayla@db:5432?password=a@b@c"),
        ("BROKER_URL", "redis://:a@b@redis:6379/0"),
        ("BROKER_URL", "redis://redis:6379/queue"),
        ("BROKER_URL", "redis://redis:6379/0,redis://other"),
        ("CORS_ORIGINS", "http://127.1:3000"),
        ("CORS_ORIGINS", "https://a..example"),
        ("UPLOAD_ROOM_BYTES", "0"),
        ("UPLOAD_ROOM_BYTES", "104857599"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"AYLA_{name}", value)
    with pytest.raises(ValidationError) as told:
        Settings()
    # A lease that is too short for the heartbeat is told of the heartbeat.
    assert {error["loc"][0] for error in told.value.errors()} <= {name.lower(), "heartbeat_seconds"}


def test_uploads_have_room_for_ten_of_the_largest_unless_said_otherwise() -> None:
    assert Settings().upload_room == 1000 * 2**20
    assert Settings(max_upload_bytes=2**30).upload_room == 10 * 2**30
    assert Settings(upload_room_bytes=2**28).upload_room == 2**28


def test_settings_that_differ_little_from_those_are_taken() -> None:
    settings = Settings(
        allowed_hosts=["a.example", "AYLA", "a_b", "10.0.0.1", "::1", "4.example", "1a", "FD00:0::01"],
        cors_origins=[
            "https://A.example:443/",
            "http://a.example:80",
            "http://[0::1]:8080",
            "https://a.example:8443",
            "https://a.example.",
        ],
        webhook_private_hosts=["hooks", "10.0.0.0/8", "fd00::/8", "::1", "4.example"],
        mnist_mirrors=["http://mirror.example:8080/mnist", "https://[::1]/"],
        database_url="sqlite:////tmp/a%3Fb.db",
    )
    assert settings.cors_origins == [
        "https://a.example",
        "http://a.example",
        "http://[::1]:8080",
        "https://a.example:8443",
        "https://a.example.",
    ]
    assert settings.host_names is not None
    assert "fd00::1" in settings.host_names


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://ayla:a?b@db/ayla",
        "postgresql+psycopg://db/ayla?user=ayla&password=a@b",
        "postgresql+psycopg://ayla@db/ayla?application_name=a@b",
        "postgresql+psycopg:///ayla?host=/run/postgresql&host=@abstract",
        "postgresql+psycopg://ayla%40a:a%40b%3F@[::1]:5433/ayla?sslmode=require",
    ],
)
def test_a_store_whose_url_can_be_read_in_one_way_only_is_taken(url: str) -> None:
    assert Settings(database_url=url).store_url == url


@pytest.mark.parametrize(
    "url", ["redis://redis", "redis://redis:6379/", "redis://redis/0", "rediss://redis//1", "amqp://rabbit/queue"]
)
def test_a_broker_whose_path_makes_sense_is_taken(url: str) -> None:
    assert Settings(broker_url=url).broker_url == url


@pytest.mark.parametrize(
    ("text", "names"),
    [("a", ["a"]), ("a, b", ["a", "b"]), ('["a", "b"]', ["a", "b"]), ("", [])],
)
def test_lists_are_separated_by_commas_or_json(monkeypatch: pytest.MonkeyPatch, text: str, names: list[str]) -> None:
    monkeypatch.setenv("AYLA_WEBHOOK_PRIVATE_HOSTS", text)
    assert Settings().webhook_private_hosts == names


def test_a_list_that_is_broken_json_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AYLA_MNIST_MIRRORS", '["a", ')
    with pytest.raises(ValidationError, match="separating by commas works too"):
        Settings()


def test_a_bracketed_address_in_a_list_is_told_how_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("ALLOWED_HOSTS", "[::1]"), ("ALLOWED_HOSTS", " [::1], a"), ("TRUSTED_PROXIES", "[::1]")):
        with monkeypatch.context() as patch:
            patch.setenv(f"AYLA_{name}", text)
            with pytest.raises(ValidationError, match="an IPv6 address stands here without brackets: ::1"):
                Settings()
    monkeypatch.setenv("AYLA_ALLOWED_HOSTS", "::1, a")
    assert Settings().allowed_hosts == ["::1", "a"]


def test_options_of_a_broker_that_celery_cannot_take_are_refused() -> None:
    for scheme in ("redis", "rediss", "amqp", "amqps"):
        for options in ("bogus=1", "heartbeat=10&bogus", "port=3", "transport=x", "socket_timeout=3", "ssl=1"):
            with pytest.raises(ValidationError, match="an option that Celery does not know"):
                Settings(broker_url=f"{scheme}://broker?{options}")
        for options in ("heartbeat=10", "login_method=PLAIN", "ssl_cert_reqs=required&ssl_ca_certs=/ca.pem"):
            assert Settings(broker_url=f"{scheme}://broker?{options}").broker_url
    for url in ("amqp://broker?heartbeat=often", "redis://broker?heartbeat="):
        with pytest.raises(ValidationError, match="heartbeat"):
            Settings(broker_url=url)


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("h:u/s@h%\nfor the store of the team\n")
    return path


def test_the_password_of_a_file_goes_into_the_url(monkeypatch: pytest.MonkeyPatch, password_file: Path) -> None:
    monkeypatch.setenv("AYLA_DATABASE_URL", "postgresql+psycopg://ayla@db:5433/ayla?sslmode=require")
    monkeypatch.setenv("AYLA_DATABASE_PASSWORD_FILE", str(password_file))
    settings = Settings()
    url = make_url(settings.store_url)
    assert (url.username, url.password, url.host, url.port, url.database) == ("ayla", "h:u/s@h%", "db", 5433, "ayla")
    assert url.query == {"sslmode": "require"}
    assert not settings.is_embedded
    assert "h:u" not in repr(settings) + settings.model_dump_json()


def test_an_url_that_holds_a_password_is_not_shown() -> None:
    settings = Settings(database_url="postgresql+psycopg://ayla:hush@db/ayla", broker_url="redis://:hush@redis:6379/0")
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://ayla:hush@db:5433/ayla", "postgresql+psycopg://ayla:***@db:5433/ayla"),
        ("postgresql+psycopg://ayla@db/ayla?password=hush&sslmode=require", "postgresql+psycopg://ayla@db/ayla"),
        ("postgresql+psycopg://ayla@db/ayla?sslpassword=hush", "postgresql+psycopg://ayla@db/ayla"),
        ("postgresql+psycopg:///ayla?host=/run/pg&password=hush", "postgresql+psycopg:///ayla?host=%2Frun%2Fpg"),
        ("sqlite:////tmp/a%3Fb%25/ayla.db", "/tmp/a?b%/ayla.db"),
    ],
)
def test_a_store_is_shown_without_its_password(url: str, shown: str) -> None:
    assert redacted_url(url) == shown


@pytest.mark.parametrize(
    "name", ["50%", "a%41b", "what?", "a?mode=memory&uri=true", "a#b c", "größe", "a+b@c:d", "%3F"]
)
def test_the_store_is_in_the_data_folder_whatever_its_name(tmp_path: Path, name: str) -> None:
    url = make_url(Settings(data_dir=tmp_path / name).store_url)
    assert (url.database, url.query) == (str(tmp_path / name / "ayla.db"), {})


@pytest.mark.parametrize("content", [b"only", b"only\n", b"only\r\nand more"])
def test_the_password_is_the_first_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    settings = Settings(database_url="postgresql+psycopg://ayla@db/ayla", database_password_file=path)
    assert settings.store_url == "postgresql+psycopg://ayla:only@db/ayla"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"\nhush", "is empty"),
        (b"hush\xff\xfe", "is not text in UTF-8"),
    ],
)
def test_a_file_without_a_password_is_refused(tmp_path: Path, content: bytes | None, fault: str) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValidationError, match=fault) as told:
        Settings(database_url="postgresql+psycopg://ayla@db/ayla", database_password_file=path)
    assert "hush" not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "sqlite:///ayla.db",
        "postgresql+psycopg://db/ayla",
        "postgresql+psycopg://ayla:other@db/ayla",
        "postgresql+psycopg://ayla@db/ayla?password=other",
        "postgresql+psycopg://ayla@db:port/ayla",
        "nonsense",
    ],
)
def test_a_password_without_a_place_is_refused(password_file: Path, url: str | None) -> None:
    with pytest.raises(ValidationError, match="with a user and without a password") as told:
        Settings(database_url=url, database_password_file=password_file)
    assert "h:u" not in str(told.value)
    assert "other" not in str(told.value)


def test_a_command_names_the_file_that_it_cannot_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AYLA_DATABASE_URL", "postgresql+psycopg://ayla@db/ayla")
    monkeypatch.setenv("AYLA_DATABASE_PASSWORD_FILE", str(tmp_path))
    with pytest.raises(StartError, match=r"^AYLA_DATABASE_PASSWORD_FILE: .*cannot be read: Is a directory") as told:
        load_settings()
    assert str(tmp_path) in str(told.value)
