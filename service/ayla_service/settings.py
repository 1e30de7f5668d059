"""Settings of every process of the service, from ``AYLA_…`` environment variables."""

import ipaddress
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _listed(value: object) -> object:
    """A list from a variable's text: JSON where it looks like it, else separated by commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise ValueError(f"not a JSON list ({error}); separating by commas works too") from error
    return [item.strip() for item in value.split(",") if item.strip()]


Names = Annotated[list[str], NoDecode, BeforeValidator(_listed)]


class Settings(BaseSettings):
    """What can be set; the defaults run the embedded service: SQLite in a data folder, one worker on a timer."""

    model_config = SettingsConfigDict(env_prefix="AYLA_", extra="ignore", frozen=True, allow_inf_nan=False)

    data_dir: Path = Field(Path("ayla-data"), description="Folder of the embedded store and its logs.")
    database_url: str | None = Field(
        None, description="SQLAlchemy URL of the store. Default: SQLite in the data folder."
    )
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8642, ge=0, le=65535, description="Port the API listens on; 0 takes a free one.")
    allowed_hosts: Names | None = Field(
        None,
        description="Host names that requests may be for, separated by commas or as a JSON list. "
        "Those of the loopback address always may. Default: only those when listening on one, else any.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["console", "json"] = Field("console", description="Log lines for people or for machines.")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body accepted.")
    worker_poll_seconds: float = Field(0.2, gt=0, description="How often an idle worker looks for work.")
    lease_seconds: float = Field(
        30.0, gt=0, description="How long a worker may be silent before its shard is given to another."
    )
    heartbeat_seconds: float = Field(
        2.0, gt=0, validate_default=True, description="Time between two writes of results; each renews the lease."
    )
    reap_seconds: float = Field(5.0, gt=0, description="How often expired leases are returned to the queue.")
    max_attempts: int = Field(3, ge=1, description="Attempts at a shard before its job fails.")
    torch_threads: int | None = Field(
        None,
        ge=1,
        description="CPU threads of one worker. Default: all CPUs that it may use; with several workers on a machine "
        "give each its share. Results repeat to the bit only with the same number.",
    )
    shutdown_seconds: float = Field(10.0, gt=0, description="Time a stopping process has to hand back its work.")

    datasets_dir: Path | None = Field(
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
        return _LOOPBACK | {self.host.lower()} if _is_loopback(self.host) else None

    @property
    def store_url(self) -> str:
        """The store's URL, the embedded default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'ayla.db').absolute()}"

    @property
    def datasets_folder(self) -> Path:
        """The folder of datasets, the default filled in."""
        return self.datasets_dir or self.data_dir / "datasets"

    @property
    def is_embedded(self) -> bool:
        """Whether the store is SQLite, which the service migrates by itself at start."""
        return self.store_url.startswith("sqlite")


def _is_loopback(host: str) -> bool:
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
