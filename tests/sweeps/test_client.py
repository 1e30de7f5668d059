"""Answers about sweeps through the client and the command, from a service on a socket."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import ayla
import numpy as np
import pytest
from ayla.cli.app import app as command
from ayla.cli.session import Session
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from typer.testing import CliRunner, Result

from tests.http.helpers import with_shared_routes
from tests.http.serving import Served
from tests.sweeps.grids import finish, grid_spec


@pytest.fixture
def client(tmp_path: Path, database: Database) -> Iterator[ayla.Client]:
    settings = Settings(data_dir=tmp_path)
    served = Served(with_shared_routes(create_app(settings, database)), settings)
    with ExitStack() as stack:
        stack.callback(served.stop)
        yield stack.enter_context(ayla.Client(served.url))


@pytest.fixture
def job(client: ayla.Client, database: Database) -> ayla.Job:
    job = client.jobs.submit(grid_spec(name="a grid"))
    finish(database, job.id, np.arange(30.0))
    return job


def ran(client: ayla.Client, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments], obj=Session(client.base_url))


def test_best_settings_as_objects_as_a_frame_and_as_text(client: ayla.Client, job: ayla.Job) -> None:
    found = client.jobs.best(job)
    best = found["ayla"]
    assert best.setting is not None
    assert (best.value, best.setting.axes, best.selected_among) == (6.5, {"learning_rate": 0.01, "ayla.n2": 0.5}, 12)
    frame = found.to_pandas()
    assert frame["arm"].tolist() == ["plain", "ayla"]
    assert frame["value"].tolist() == [0.5, 6.5]
    text = str(found)
    assert "Judged by the final loss, median over 2 seeds." in text
    assert "part of its value is luck" in text
    with pytest.raises(KeyError, match="no arm 'other'; there are 'plain', 'ayla'"):
        found["other"]
    (one,) = client.jobs.best([job], metric="best_loss", over_seeds="worst", per_arm=False).best
    assert (one.arm, one.value) == ("plain", 1.0)
    again = client.jobs.submit(grid_spec(optimizers=[best.setting.optimizer]))
    assert again.state == "queued"


def test_a_heat_map_as_a_frame_a_picture_and_text(client: ayla.Client, job: ayla.Job, tmp_path: Path) -> None:
    found = client.jobs.heatmap(job, "learning_rate", "ayla.n2", arms=["ayla"])
    frame = found.to_pandas()
    assert list(frame.columns) == ["arm", "learning_rate", "ayla.n2", "value", "settings"]
    assert len(frame) == 12
    assert frame.sort_values("value")["ayla.n2"].iloc[0] == 0.5
    assert found.save(tmp_path / "map.png", width=4, height=3, dpi=50).read_bytes().startswith(b"\x89PNG")
    assert found.picture("pdf", style="paper").startswith(b"%PDF-")
    assert "*6.5" in str(found)
    with pytest.raises(ValueError, match=r"does not end with .png, .svg or .pdf"):
        found.save(tmp_path / "map.gif")
    with pytest.raises(ayla.UnprocessableEntityError):
        client.jobs.heatmap(job, "beta1", "ayla.n2").to_pandas()


def test_the_sensitivity_as_a_frame_a_picture_and_text(client: ayla.Client, job: ayla.Job, tmp_path: Path) -> None:
    found = client.jobs.sensitivity(job, "learning_rate")
    frame = found.to_pandas()
    assert frame[frame["arm"] == "plain"]["best"].tolist() == [0.5, 2.5, 4.5]
    assert found.save(tmp_path / "rates.svg").read_bytes().startswith(b"<?xml")
    assert "learning_rate  plain  ayla" in str(found)


def test_the_trials_of_a_job_are_one_frame(client: ayla.Client, job: ayla.Job) -> None:
    frame = client.jobs.table(job)
    assert len(frame) == 30
    assert {"trial_id", "arm", "learning_rate", "ayla.n2", "seed", "final_loss"} <= set(frame.columns)
    some = client.jobs.table(job, where=["learning_rate>0.02", "final_loss<20"], arm="ayla", sort="-final_loss")
    assert some["final_loss"].tolist() == [19, 18, 17, 16, 15, 14]


def test_the_commands(client: ayla.Client, job: ayla.Job, tmp_path: Path) -> None:
    table = ran(client, "best", job.id)
    assert table.exit_code == 0, table.output
    assert table.stdout.splitlines()[0].split()[:3] == ["arm", "learning_rate", "ayla.n2"]
    assert ran(client, "best", job.id, "--json", "--all").stdout.startswith("{")
    cells = ran(client, "heatmap", job.id, "-x", "learning_rate", "-y", "ayla.n2", "--reduce", "median")
    assert "Rows by ayla.n2, columns by learning_rate; median in each cell" in cells.stdout
    file = tmp_path / "map.png"
    drawn = ran(client, "heatmap", job.id, "--output", str(file), "--title", "grid")
    assert (drawn.exit_code, drawn.stdout) == (0, "")
    assert file.read_bytes().startswith(b"\x89PNG")
    rates = ran(client, "sensitivity", job.id, "--axis", "learning_rate", "--arm", "plain")
    assert rates.exit_code == 0, rates.output
    assert ran(client, "heatmap", job.id, "--output", "map.gif").exit_code == 2
    assert ran(client, "best", "0" * 36).exit_code == 3
