"""Settings of every process of the service, from ``AYLA_…`` environment variables."""

import json
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ayla_service.addresses import (
    checked_broker,
    checked_host,
    checked_mirror,
    checked_network,
    checked_origin,
    checked_receiver,
    checked_store,
    is_loopback,
    sqlite_url,
    with_password,
)

_BRACKETED = re.compile(r"\s*\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]")  # an IPv6 address as URLs have it
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _listed(value: object) -> object:
    """A list from a variable's text: JSON where it looks like it, else separated by commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            address = _BRACKETED.match(value)
            if address is not None:
                raise ValueError(f"an IPv6 address stands here without brackets: {address[1]}") from error
            raise ValueError(f"not a JSON list ({error}); separating by commas works too") from error
    return [item.strip() for item in value.split(",") if item.strip()]


def _not_empty(value: object) -> object:
    """A path that is not empty, as that would be the folder in which the command happens to run."""
    if value == "":
        raise ValueError("it is empty; leave it unset for the default")
    return value


Names = Annotated[list[str], NoDecode, BeforeValidator(_listed)]
Named = Annotated[Path, BeforeValidator(_not_empty)]
# Longer than anything lasts, and short enough for every clock.
Seconds = Annotated[float, Field(le=10 * 365 * 24 * 3600)]


class Settings(BaseSettings):
    """Settings of a process; the defaults run the embedded service: SQLite in a data folder, one worker on a timer."""

    model_config = SettingsConfigDict(
        env_prefix="AYLA_",
        extra="ignore",
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,  # a URL can hold a password
    )

    data_dir: Named = Field(Path("ayla-data"), description="Folder of the embedded store and its logs.")
    database_url: Annotated[str, AfterValidator(checked_store)] | None = Field(
        None,
        repr=False,
        description="SQLAlchemy URL of the store: postgresql+psycopg://… or sqlite:///…. Default: SQLite in the data "
        "folder.",
    )
    database_password_file: Path | None = Field(
        None,
        description="File whose first line is the store's password; it goes into AYLA_DATABASE_URL, which then needs "
        "none.",
    )
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8642, ge=0, le=65535, description="Port the API listens on; 0 takes a free one.")
    api_processes: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes of 'ayla-service api' on its port: about one for each core that the API may use.",
    )
    allowed_hosts: Names | None = Field(
        None,
        description="Host names that requests may be for, separated by commas or as a JSON list. "
        "Those of the loopback address always may. Default: only those when listening on one, else any.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="Log lines for people (console) or machines (json); auto: for people on a terminal."
    )
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body accepted.")
    max_upload_bytes: int = Field(
        104_857_600, ge=1024, description="Largest file accepted as a dataset; the default is 100 MiB."
    )
    upload_room_bytes: int | None = Field(
        None,
        ge=1024,
        description="Most bytes of all uploads that one process of the API takes in at once. Default: ten times "
        "AYLA_MAX_UPLOAD_BYTES.",
    )
    cors_origins: Names = Field(
        [],
        description="Origins (https://ayla.example.org) whose web pages may use the API from a browser, separated by "
        "commas or as a JSON list. Default: none.",
    )
    trusted_proxies: Names = Field(
        ["127.0.0.1", "::1"],
        description="Addresses or networks (10.1.0.0/16) of proxies that say by X-Forwarded-For whom they pass on, and "
        "by X-Forwarded-Proto how, separated by commas or as a JSON list.",
    )
    rate_limit_per_minute: int | None = Field(
        None,
        ge=0,
        description="Requests of an API key that one process of the API answers in a minute; 0: any number. Without "
        "keys it is of an address. Default: 6000, without keys any number.",
    )
    rate_limit_burst: int | None = Field(
        None, ge=1, description="Requests that may come at once. Default: as many as in a minute."
    )
    client_seconds: Seconds = Field(
        30.0,
        gt=0,
        description="How long the API waits for a client: for a whole request head, for a body (longer, the larger it "
        "is), and for its answer to be taken.",
    )
    max_connections: int = Field(2000, ge=1, description="Connections that one process of the API has at once.")
    broker_url: str | None = Field(
        None,
        repr=False,
        description="URL of the broker that wakes workers up: redis://, rediss://, amqp:// or amqps://, several of the "
        "same kind separated by semicolons. Default: none, workers look by a timer.",
    )
    worker_poll_seconds: Seconds = Field(
        0.2, gt=0, description="How often an idle worker looks for work if there is no broker."
    )
    sweep_seconds: Seconds = Field(
        5.0, gt=0, description="How often an idle worker looks for work, wake-ups or not, if there is a broker."
    )
    lease_seconds: Seconds = Field(
        30.0, gt=0, description="How long a worker may be silent before its shard is given to another."
    )
    heartbeat_seconds: Seconds = Field(
        1.0, gt=0, validate_default=True, description="Time between two writes of results; each renews the lease."
    )
    checkpoint_seconds: Seconds = Field(
        15.0, ge=0, description="Time between two checkpoints of a shard; a worker that is killed loses no more."
    )
    reap_seconds: Seconds = Field(5.0, gt=0, description="How often expired leases are returned to the queue.")
    presence_seconds: Seconds = Field(
        5.0, gt=0, description="How often a worker says that it lives; silent for three times as long, it is lost."
    )
    max_attempts: int = Field(
        3, ge=1, description="Failed attempts at a shard, without a new checkpoint between them, before its job fails."
    )
    retry_seconds: Seconds = Field(
        1.0, ge=0, description="Pause after the first failed attempt; it doubles with each one more, up to 5 minutes."
    )
    pack_shards: int = Field(256, ge=1, description="Small shards that a worker takes at once at most; 1: none.")
    pack_seconds: Seconds = Field(
        1.0, ge=0, description="Estimated computing time of the small shards that a worker takes at once at most."
    )
    share_half_life_seconds: Seconds = Field(
        3600.0,
        gt=0,
        description="After that time half of the computing time that a member or team has used is forgotten, in "
        "sharing the workers out. The same for all workers of a store.",
    )
    max_trial_seconds: Seconds | None = Field(
        None, gt=0, description="Longest computing time of a trial, whatever its job asks for. Default: no limit."
    )
    max_job_memory_mb: int | None = Field(
        None,
        ge=1,
        description="Most memory, in MiB, that a worker takes for a shard, whatever its job asks for. Default: no "
        "limit.",
    )
    torch_threads: int | None = Field(
        None,
        ge=1,
        description="CPU threads of one worker. Default: all CPUs that it may use; with several workers on a machine "
        "give each its share. Results repeat to the bit only with the same number.",
    )
    shutdown_seconds: Seconds = Field(10.0, gt=0, description="Time a stopping process has to hand back its work.")
    metrics_host: str = Field("127.0.0.1", description="Address a worker serves its metrics on.")
    metrics_port: int | None = Field(
        None, ge=0, le=65535, description="Port a worker serves its metrics on; 0 takes a free one. Default: none."
    )

    webhook_private_hosts: Names = Field(
        [],
        description="Receivers of webhooks that may be private, use HTTP and any port: host names, addresses or "
        "networks (10.1.0.0/16), separated by commas or as a JSON list. Default: none, webhooks go to public hosts.",
    )
    webhook_retry_seconds: Seconds = Field(
        5.0, gt=0, description="Pause after the first failed attempt to send a webhook; later ones are in proportion."
    )
    webhook_poll_seconds: Seconds = Field(1.0, gt=0, description="How often the API looks for webhooks to send.")

    stream_poll_seconds: Seconds = Field(
        0.25, gt=0, description="How often the API polls the store for streams of events and waiting requests."
    )
    stream_ping_seconds: Seconds = Field(
        15.0, gt=0, description="Pause after which a silent stream says that it lives."
    )
    stream_recheck_seconds: Seconds = Field(
        30.0,
        gt=0,
        description="How often it is checked whether the API keys of open streams, and of other requests that take "
        "long, are still valid.",
    )
    max_streams: int = Field(
        1000, ge=0, description="Streams and waiting requests that one process of the API serves at once."
    )
    max_member_streams: int = Field(
        100, ge=0, description="Streams and waiting requests of one member that one process of the API serves at once."
    )

    datasets_dir: Named | None = Field(
        None, description="Folder of datasets, downloaded and of users. Default: datasets in the data folder."
    )
    download_datasets: bool = Field(True, description="Whether workers download datasets that are missing.")
    mnist_mirrors: Names = Field(
        [
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ],
        description="Base URLs of the four files of mnist, separated by commas or as a JSON list, tried in order.",
    )
    fashion_mnist_mirrors: Names = Field(
        ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
        description="Base URLs of the four files of fashion-mnist, separated by commas or as a JSON list, tried in "
        "order.",
    )

    @field_validator("database_password_file")
    @classmethod
    def _password_with_user(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None:
            with_password(info.data.get("database_url"), _first_line(value))
        return value

    @field_validator("broker_url")
    @classmethod
    def _known_broker(cls, value: str | None) -> str | None:
        return ";".join(checked_broker(part.strip()) for part in value.split(";")) if value else None

    @field_validator("upload_room_bytes")
    @classmethod
    def _room_for_the_largest(cls, value: int | None, info: ValidationInfo) -> int | None:
        largest = info.data.get("max_upload_bytes")
        if value is not None and largest is not None and value < largest:
            raise ValueError(f"less than AYLA_MAX_UPLOAD_BYTES ({largest}); the largest file would never be taken")
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, value: list[str] | None) -> list[str] | None:
        if value == []:
            raise ValueError("it lists no host; leave it unset for the default")
        return value if value is None else [checked_host(entry) for entry in value]

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        return [checked_origin(entry) for entry in value]

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses_and_networks(cls, value: list[str]) -> list[str]:
        return [checked_network(entry) for entry in value]

    @field_validator("webhook_private_hosts")
    @classmethod
    def _hosts_and_networks(cls, value: list[str]) -> list[str]:
        return [checked_receiver(entry) for entry in value]

    @field_validator("mnist_mirrors", "fashion_mnist_mirrors")
    @classmethod
    def _mirrors(cls, value: list[str]) -> list[str]:
        return [checked_mirror(entry) for entry in value]

    @field_validator("heartbeat_seconds")
    @classmethod
    def _within_the_lease(cls, value: float, info: ValidationInfo) -> float:
        lease = info.data.get("lease_seconds", value * 3)
        if lease < 3 * value:
            raise ValueError(f"a lease of {lease:g} s is less than three times as long; workers would lose it")
        return value

    @property
    def host_names(self) -> frozenset[str] | None:
        """Names, in lower case and without port, that a request's Host may have; None: any.

        A web page can make a browser send requests to a service on the same machine under the page's own name.
        """
        if self.allowed_hosts is not None:
            return frozenset(name.lower() for name in self.allowed_hosts) | _LOOPBACK
        return _LOOPBACK | {self.host.lower()} if is_loopback(self.host) else None

    @property
    def upload_room(self) -> int:
        """Bytes of all uploads at once, the default filled in."""
        return self.upload_room_bytes or 10 * self.max_upload_bytes

    @property
    def store_url(self) -> str:
        """The store's URL, the embedded default or the password of its file filled in."""
        if self.database_password_file is not None:
            return with_password(self.database_url, _first_line(self.database_password_file))
        return self.database_url or sqlite_url(str((self.data_dir / "ayla.db").absolute()))

    @property
    def datasets_folder(self) -> Path:
        """The folder of datasets, the default filled in."""
        return self.datasets_dir or self.data_dir / "datasets"

    @property
    def is_embedded(self) -> bool:
        """Whether the store is SQLite, which the service migrates by itself at start."""
        return self.database_url is None or self.database_url.startswith("sqlite")


def _first_line(path: Path) -> str:
    """The password in a file; no error quotes any of it."""
    try:
        with path.open(encoding="utf-8") as file:
            line = file.readline().rstrip("\n")
    except OSError as error:
        raise ValueError(f"the file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ValueError("the file is not text in UTF-8") from None
    if not line:
        raise ValueError("the first line of the file is empty")
    return line
