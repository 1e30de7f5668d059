"""Figures through the client, from a service on a socket: of one job and of several, and what is refused."""

from contextlib import ExitStack
from pathlib import Path

import ayla
import pytest
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.settings import Settings

from tests.factories import spec
from tests.http.helpers import with_shared_routes
from tests.http.serving import Served


def test_the_client_fetches_figures_of_one_job_and_of_several(tmp_path: Path, database: Database) -> None:
    settings = Settings(data_dir=tmp_path)
    served = Served(with_shared_routes(create_app(settings, database)), settings)
    with ExitStack() as stack:
        stack.callback(served.stop)
        client = stack.enter_context(ayla.Client(served.url))
        first, second = (client.jobs.submit(spec(name=name)) for name in ("first", "second"))
        assert client.figure(first, "loss").startswith(b"<?xml")
        assert client.figure(first.id, "forest", format="pdf", style="paper").startswith(b"%PDF-")
        both = client.figure([first.id, second.id], "loss", width=8, title="both").decode()
        assert "(second)" in both
        assert client.figure([first, second], "ecdf", format="png", targets=[1.0, 0.1]).startswith(b"\x89PNG")
        with pytest.raises(ayla.UnprocessableEntityError):
            client.figure(first, "loss", baseline="SGD")
        with pytest.raises(ayla.ConflictError):
            client.figure(first, "heatmap")
        with pytest.raises(ayla.NotFoundError):
            client.figure("none", "loss")
