"""Settings of every process of the service, from ``AYLA_…`` environment variables."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What can be set; the defaults run the embedded service: SQLite in a data folder, one worker on a timer."""

    model_config = SettingsConfigDict(env_prefix="AYLA_", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("ayla-data"), description="Folder of the embedded store and its logs.")
    database_url: str | None = Field(
        None, description="SQLAlchemy URL of the store. Default: SQLite in the data folder."
    )
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8642, ge=0, le=65535, description="Port the API listens on; 0 takes a free one.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["console", "json"] = Field("console", description="Log lines for people or for machines.")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body accepted.")
    worker_poll_seconds: float = Field(0.2, gt=0, description="How often an idle worker looks for work.")
    lease_seconds: float = Field(
        30.0, gt=0, description="How long a worker may be silent before its shard is given to another."
    )
    heartbeat_seconds: float = Field(
        2.0, gt=0, description="Longest time between two writes of results; each renews the lease."
    )
    reap_seconds: float = Field(5.0, gt=0, description="How often expired leases are returned to the queue.")
    max_attempts: int = Field(3, ge=1, description="Attempts at a shard before its job fails.")
    torch_threads: int = Field(1, ge=1, description="CPU threads of one worker; part of what makes results repeatable.")
    shutdown_seconds: float = Field(10.0, gt=0, description="Time a stopping process has to hand back its work.")

    @property
    def store_url(self) -> str:
        """The store's URL, the embedded default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'ayla.db').absolute()}"

    @property
    def is_embedded(self) -> bool:
        """Whether the store is SQLite, which the service migrates by itself at start."""
        return self.store_url.startswith("sqlite")
