"""The command against a service with a worker: each noun, each exit code, and what the Tab key offers."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ayla
import pytest
from ayla.cli.app import app
from ayla.cli.session import Session
from ayla_service.db.session import Database
from typer.testing import CliRunner, Result

from tests.keyring import make_key
from tests.system.processes import service

SMALL = ("--preset", "poly-sgd", "--set", "budget.steps=20")
RECEIVER = "http://127.0.0.1:9/hook"


@dataclass(frozen=True)
class Cli:
    """The command with an admin's key of a service."""

    url: str
    key: str | None

    def run(self, *arguments: str, text: str | None = None, env: dict[str, str] | None = None) -> Result:
        """What it does and writes, whatever its exit code."""
        session = Session(self.url, self.key)
        return CliRunner().invoke(app, [*arguments], obj=session, input=text, env=env, prog_name="ayla")

    def out(self, *arguments: str) -> str:
        """What it writes to standard output, where it succeeds."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout.rstrip("\n")

    def json(self, *arguments: str) -> Any:
        """The one document that it writes."""
        return json.loads(self.out(*arguments, "--json"))

    def offers(self, line: str) -> list[str]:
        """What the shell completes the line with."""
        words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), "_AYLA_COMPLETE": "complete_bash"}
        result = self.run(env=words)
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout.split()


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    folder = tmp_path_factory.mktemp("service")
    with service(folder, webhook_private_hosts="127.0.0.1", stream_poll_seconds=0.05) as running:
        database = Database(f"sqlite:///{folder / 'data' / 'ayla.db'}")
        key = make_key(database)
        database.dispose()
        yield Cli(running.url, key)


@pytest.fixture(scope="module")
def job(cli: Cli) -> str:
    """The id of a job that has succeeded."""
    return cli.out("submit", *SMALL, "--name", "shared", "--tag", "cli", "--project", "tests", "--watch", "-q")


@pytest.fixture
def held(cli: Cli) -> Iterator[None]:
    """Nothing is started meanwhile."""
    cli.run("queue", "pause")
    yield
    cli.run("queue", "resume")


def test_a_preset_is_changed_and_labelled_anew(cli: Cli) -> None:
    changed = ("--set", "optimizers.0.learning_rate=0.05", "--set", "seeds=[0, 1]")
    found = cli.json("submit", *SMALL, *changed, "--dry-run")

    assert (found["trials"], found["steps_total"]) == (4, 80)
    assert found["resolved"]["optimizers"][0]["label"] == "SGD lr=0.05"
    assert "4: 2 settings on 2 seeds" in cli.out("validate", *SMALL, *changed)
    assert cli.run("submit", *SMALL, "--set", "optimizers.7.learning_rate=1").exit_code == 2


def test_short_ids_are_taken_everywhere(cli: Cli, job: str) -> None:
    assert cli.json("show", job[:8])["id"] == job
    assert cli.json("trials", "show", f"{job[:8]}-1")["job_id"] == job
    assert cli.json("trajectory", f"{job[:8]}-0")["trial_id"] == f"{job}-0"
    assert cli.json("queue", "position", job[:4])["job_id"] == job


def test_a_job_is_shown_with_the_curves_of_its_losses(cli: Cli, job: str) -> None:
    text = cli.out("show", job)

    assert re.search(r"SGD lr=0.03 +█[▁-█]+ +linear +6 ", text)
    assert "Each curve has a scale of its own" in text
    assert re.search(rf"{job[:8]}-0 +SGD lr=0.03 +0 +completed", text)


def test_jobs_and_trials_are_listed_in_each_form(cli: Cli, job: str) -> None:
    lines = cli.out("ls", "--project", "tests", "--jsonl").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [job]
    assert cli.out("jobs", "ls", "--tag", "cli", "-q") == job
    assert cli.out("jobs") == cli.out("ls")
    trials = [json.loads(line) for line in cli.out("trials", "ls", job, "--jsonl").splitlines()]
    assert [trial["index"] for trial in trials] == [0, 1]
    assert cli.out("trials", "ls", job, "--where", "learning_rate>1", "-q") == ""
    assert cli.out("trials", "ls", job).splitlines()[1].startswith(f"{job[:8]}-0")


def test_tables_of_a_job_are_written_in_each_form(cli: Cli, job: str, tmp_path: Path) -> None:
    rows = [*csv.DictReader(io.StringIO(cli.out("jobs", "table", job, "--csv")))]
    assert [row["label"] for row in rows] == ["SGD lr=0.03", "AYLA-SGD lr=0.03 N1=1 N2=1.4"]
    assert cli.json("jobs", "trajectories", job, "--columns", "step,loss")["rows"] == 42
    assert cli.run("jobs", "metrics", job).stderr == "Nothing is recorded, or no trial is meant.\n"
    for name in ("t.csv", "t.json", "t.parquet"):
        assert cli.run("jobs", "table", job, "-o", str(tmp_path / name)).stderr == f"Written: {tmp_path / name}\n"
    assert (tmp_path / "t.parquet").read_bytes().startswith(b"PAR1")


def test_figures_are_written_in_each_format(cli: Cli, job: str, tmp_path: Path) -> None:
    begins = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
    for form, beginning in begins.items():
        cli.out("figure", job, "loss", "-o", str(tmp_path / f"loss.{form}"), "--set", "scale=linear")
        assert (tmp_path / f"loss.{form}").read_bytes().startswith(beginning)
    assert cli.out("figure", job, "loss").startswith("<?xml")
    assert "\x1b_Gf=100,a=T,c=" in cli.out("figure", job, "loss", "--show", "kitty")
    assert "\x1b]1337;File=inline=1;" in cli.out("figure", job, "loss", "--show", "iterm2")
    assert re.search(r"^loss +Loss by step", cli.out("figure", job), re.MULTILINE)
    assert cli.run("figure", job, "loss", "-o", "loss.gif").exit_code == 2
    assert cli.run("figure", job, "curve", "-o", str(tmp_path / "x.svg")).exit_code == 1


def test_a_job_is_cloned_changed_moved_and_deleted(cli: Cli, job: str, held: None) -> None:
    first = cli.out("clone", job[:8], "--set", "optimizers.0.learning_rate=0.5", "--name", "clone", "-q")
    second = cli.out("clone", job, "-q")
    assert cli.json("show", first)["resolved"]["optimizers"][0]["label"] == "SGD lr=0.5"
    assert cli.json("jobs", "edit", first, "--tag", "a", "--name", "")["name"] is None
    assert cli.run("jobs", "edit", first).exit_code == 2
    assert cli.json("queue", "move", second, "--before", first)["id"] == second
    assert cli.json("queue", "move", first)["id"] == first
    assert cli.json("pause", first)[0]["paused_at"]
    assert cli.json("resume", first)[0]["paused_at"] is None
    assert cli.json("priority", first, "high")["priority"] == "high"
    assert [cli.json("cancel", each)["state"] for each in (first, second)] == ["cancelled"] * 2
    assert cli.json("retry", first)[0]["state"] == "queued"
    cli.out("cancel", first)
    refused = cli.run("jobs", "delete", first, second)
    assert (refused.exit_code, "--yes" in refused.stderr) == (2, True)
    assert cli.run("jobs", "delete", first, second, "--yes").exit_code == 0
    assert cli.run("show", first).exit_code == 3


def test_several_jobs_are_submitted_at_once_or_none(cli: Cli, held: None, tmp_path: Path) -> None:
    spec, wrong = tmp_path / "spec.yaml", tmp_path / "wrong.yaml"
    spec.write_text("problem: {type: preset, preset: poly-sgd}")
    wrong.write_text("problem: {type: preset, preset: poly-sgd}\nsedes: [0]")
    made = cli.out("jobs", "submit-all", str(spec), str(spec), "--set", "budget.steps=9", "-q").split()
    assert len(made) == 2
    assert cli.run("jobs", "submit-all", str(spec), str(wrong)).exit_code == 1
    for each in made:
        cli.out("cancel", each)


def test_events_of_a_job_are_told_to_its_end(cli: Cli, job: str) -> None:
    events = [json.loads(line) for line in cli.out("events", job[:8], "--jsonl").splitlines()]
    assert [event["name"] for event in events] == ["snapshot", "end"]
    assert f"{job[:8]}  end       shared succeeded" in cli.out("events", job)
    assert cli.run("events", job, "--tag", "a").exit_code == 2


def test_a_dataset_goes_up_and_comes_down(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("x,y\n1,2\n2,4.5\n")
    uploaded = cli.run("datasets", "upload", str(file), "--description", "two points")
    assert uploaded.exit_code == 0
    assert "{name: upload, dataset: points, target: y}" in uploaded.stderr
    assert cli.out("datasets", "ls").splitlines()[1].startswith("points")
    assert re.search(r"^y +number +2 +4.5 ", cli.out("datasets", "show", "points"), re.MULTILINE)
    assert cli.json("datasets", "preview", "points")["columns"] == {"x": [1, 2], "y": [2, 4.5]}
    cli.out("datasets", "download", "points", "-o", str(tmp_path / "points.parquet"))
    assert (tmp_path / "points.parquet").read_bytes().startswith(b"PAR1")
    taken = cli.run("datasets", "upload", str(file))
    assert (taken.exit_code, "Give another one with --name" in taken.stderr) == (1, True)
    assert cli.run("datasets", "delete", "points", "--yes").stderr == "Deleted: points\n"
    assert cli.run("datasets", "upload", str(tmp_path / "none.csv")).exit_code == 2


def test_the_queue_is_paused_drained_and_resumed(cli: Cli) -> None:
    assert cli.run("queue", "drain").exit_code == 0
    refused = cli.run("submit", *SMALL)
    assert (refused.exit_code, "ask its admins" in refused.stderr) == (1, True)
    assert cli.json("queue", "pause")["paused_at"]
    assert "paused, takes no new jobs" in cli.out("queue")
    assert cli.json("queue", "resume") == {"paused_at": None, "draining_at": None}
    assert cli.json("queue")["paused_at"] is None
    assert "queue    open" in cli.out("queue", "show")


def test_members_and_keys_are_made_changed_and_ended(cli: Cli) -> None:
    assert cli.run("members", "add", "bob", "--role", "viewer", "--limit", "queued_jobs=5").exit_code == 0
    assert cli.json("members", "edit", "bob", "--role", "member", "--weight", "2")["weight"] == 2
    assert re.search(r"^bob .* member .* queued_jobs 5 +2$", cli.out("members", "ls"), re.MULTILINE)
    key = cli.out("keys", "create", "laptop", "--member", "bob", "--scope", "read", "--expires", "90d", "-q")
    assert Cli(cli.url, key).json("me")["member"]["name"] == "bob"
    other = cli.out("keys", "rotate", "laptop", "--overlap", "0s", "-q")
    assert Cli(cli.url, key).run("me").exit_code == 4
    assert Cli(cli.url, other).run("queue", "pause").exit_code == 4
    made = cli.json("keys", "ls", "--member", "bob")
    current = next(each["id"] for each in made if each["state"] == "active")
    assert cli.json("keys", "revoke", current[:8])["state"] == "revoked"
    assert cli.run("members", "remove", "bob", "--yes").exit_code == 0
    assert cli.run("members", "show", "nobody").stderr == (
        "Error: There is no member 'nobody'.\nSee what there is: ayla members ls\n"
    )
    assert "queued jobs" in cli.out("team")
    assert "queued jobs" in cli.out("me")


def test_webhooks_are_made_tried_changed_and_deleted(cli: Cli) -> None:
    made = cli.json("webhooks", "create", RECEIVER, "--event", "job.failed", "--description", "chat")
    assert made["secret"].startswith("whsec_")
    short = made["id"][:8]
    assert cli.out("webhooks", "ls", "-q") == made["id"]
    assert cli.json("webhooks", "rotate-secret", RECEIVER)["secret"] != made["secret"]
    delivery = cli.out("webhooks", "test", short, "-q")
    assert cli.json("webhooks", "deliveries", short)[0]["id"] == delivery
    assert cli.json("webhooks", "retry", short, delivery)["id"] == delivery
    assert cli.json("webhooks", "edit", short, "--disable")["enabled"] is False
    disabled = cli.run("webhooks", "test", short)
    assert (disabled.exit_code, "--enable" in disabled.stderr) == (1, True)
    assert cli.run("webhooks", "delete", short, "--yes").exit_code == 0
    assert cli.run("webhooks", "ls").stderr == "No webhooks. Make one: ayla webhooks create URL\n"


@pytest.mark.usefixtures("job")  # that has ended: the worker, which starts beside the service, is ready
def test_the_catalogue_the_workers_and_the_health_are_told(cli: Cli) -> None:
    assert "poly-sgd" in cli.out("catalogue", "ls", "presets", "-q").split()
    assert re.search(r"^beta1 +0.9 +Decay rate", cli.out("catalogue", "show", "adam"), re.MULTILINE)
    assert cli.json("catalogue")["limits"] == cli.json("catalogue", "limits")
    mistaken = cli.run("catalogue", "show", "adm")
    assert (mistaken.exit_code, "Did you mean 'adam'?" in mistaken.stderr) == (3, True)
    worker = cli.out("workers", "-q")
    assert cli.json("workers", "show", worker)["name"] == worker == cli.json("workers")[0]["name"]
    assert cli.run("workers", "show", "nobody").exit_code == 3
    assert "ready" in cli.out("health")


def test_each_exit_code_means_what_the_page_says(cli: Cli, job: str, held: None) -> None:
    assert cli.run("show", job).exit_code == 0
    assert cli.run("cancel", job).exit_code == 1
    assert cli.run("show").exit_code == 2
    assert cli.run("show", "00000000-0000-4000-8000-000000000000").exit_code == 3
    assert Cli(cli.url, None).run("ls").exit_code == 4
    assert Cli(cli.url, "wrong").run("ls").exit_code == 4
    assert Cli("http://127.0.0.1:9", None).run("ls").exit_code == 5
    waiting = cli.out("submit", *SMALL, "-q")
    assert cli.run("watch", waiting, "--timeout", "0.2").exit_code == 124
    cli.out("cancel", waiting)
    assert cli.run("watch", waiting).exit_code == 7


def test_a_failed_job_ends_the_watch_with_six(cli: Cli) -> None:
    failed = cli.run(
        "submit", "--preset", "curve-a", "--set", "budget.steps=1000000", "--max-seconds", "0.1", "--watch"
    )
    assert failed.exit_code == 6
    assert "See more: ayla show " in failed.stderr


def test_the_tab_key_completes_what_the_service_has(cli: Cli, job: str) -> None:
    assert job[:8] in cli.offers("ayla show ")
    assert cli.offers(f"ayla show {job[:10]}") == [job]
    assert cli.offers(f"ayla trajectory {job[:8]}-") == [f"{job[:8]}-0", f"{job[:8]}-1"]
    assert cli.offers("ayla submit --preset poly") == ["poly-sgd", "poly-adam"]
    assert cli.offers("ayla ls --state q") == ["queued"]
    assert cli.offers("ayla ls --project te") == ["tests"]
    assert "landscape" in cli.offers(f"ayla figure {job} l")
    assert "adamw" in cli.offers("ayla catalogue show adam")
    assert "datasets" in cli.offers("ayla da")
    assert {"upload", "delete"} <= {*cli.offers("ayla datasets ")}
    assert {"base_url", "api_key"} <= {*cli.offers("ayla config set ")}


@pytest.mark.parametrize("cli_of", [Cli("http://127.0.0.1:9", None), Cli("nonsense", "k")], ids=["away", "wrong"])
def test_the_tab_key_says_nothing_where_the_service_does_not(cli_of: Cli) -> None:
    for line in ("ayla show ", "ayla datasets show ", "ayla submit --preset ", "ayla figure x "):
        assert cli_of.offers(line) == []


def test_the_command_names_no_address_of_its_own() -> None:
    """Everything goes through the client's methods."""
    for path in sorted((Path(ayla.__file__).parent / "cli").glob("*.py")):
        text = path.read_text()
        assert "/v1/" not in text or path.name == "errors.py", path
        assert "_transport" not in text, path
