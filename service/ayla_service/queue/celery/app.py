"""Celery application. Nothing is built when this module is imported."""

from typing import Any

from celery import Celery
from kombu import Connection

from ayla_service.queue.celery.configuration import configuration


class _ConfiguredCelery(Celery):
    """Celery with the broker of our settings: by itself it prefers CELERY_BROKER_URL, which is another program's."""

    def connection_for_read(self, url: str | None = None, **options: Any) -> Connection:
        return super().connection_for_read(url or self.conf["broker_url"], **options)

    def connection_for_write(self, url: str | None = None, **options: Any) -> Connection:
        return super().connection_for_write(url or self.conf["broker_url"], **options)


def make_app(broker_url: str) -> Celery:
    """Celery application on this broker; nothing is connected yet."""
    app = _ConfiguredCelery("ayla", backend="disabled://", set_as_current=False)
    app.conf.update(configuration(broker_url))
    return app
