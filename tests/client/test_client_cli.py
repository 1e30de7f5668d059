"""The command: what goes where, and with which exit code it ends."""

import csv
import io
import json
from pathlib import Path

import ayla
import httpx2
import pytest
from ayla.cli.app import app
from ayla.cli.session import Session
from rich.console import Console
from typer.testing import CliRunner

from tests.client.command import ayla_command
from tests.client.fake_service import FakeService, problem

JOB_FILE = """
name: saddle
problem:
  type: expression
  expression: x**4 - 3*x**3 + 2
  start: {x: -1.0}
optimizers:
  - {name: sgd, learning_rate: 3e-2}
budget: {steps: 5}
"""


@pytest.fixture
def service() -> FakeService:
    return FakeService(outcomes={"failing": "failed", "cancelled": "cancelled"})


def submitted(service: FakeService, *arguments: str) -> str:
    return ayla_command(service, "submit", "-q", *(arguments or ("--preset", "poly-sgd"))).stdout.strip()


def test_the_version_needs_no_service() -> None:
    result = CliRunner().invoke(app, ["--version"])

    assert result.stdout == f"ayla {ayla.__version__}\n"
    assert result.exit_code == 0


def test_a_job_is_submitted_from_a_yaml_file(service: FakeService, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(JOB_FILE)
    result = ayla_command(service, "submit", "-f", str(file), "--name", "mine", "--tag", "a", "--tag", "b")

    spec = service.jobs["job-0"].submitted
    assert result.exit_code == 0
    assert spec["optimizers"][0]["learning_rate"] == 0.03
    assert (spec["name"], spec["tags"]) == ("mine", ["a", "b"])
    assert "job-0" in result.stdout
    assert "ayla watch job-0" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["-f", "-"]])
def test_a_job_is_submitted_from_standard_input(service: FakeService, arguments: list[str]) -> None:
    spec = json.dumps({"problem": ayla.preset("curve-a")})
    result = ayla_command(service, "submit", "-q", *arguments, text=spec)

    assert result.stdout == "job-0\n"
    assert result.stderr == ""
    assert service.jobs["job-0"].submitted == json.loads(spec)


def test_the_same_key_is_sent_on(service: FakeService) -> None:
    submitted(service, "--preset", "poly-sgd", "--idempotency-key", "nightly")

    assert service.requests[0].headers["Idempotency-Key"] == "nightly"


@pytest.mark.parametrize(
    ("text", "message"), [("", "is empty"), ("- a\n- b", "is a list"), ("a: [", "neither JSON nor YAML")]
)
def test_what_is_no_spec_is_a_usage_error(service: FakeService, text: str, message: str) -> None:
    result = ayla_command(service, "submit", "-f", "-", text=text)

    assert result.exit_code == 2
    assert message in result.stderr
    assert service.requests == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["submit", "-f", "no-such-file.yaml"],
        ["submit", "-f", "-", "--preset", "poly-sgd"],
        ["submit", "--no-such-option"],
        ["no-such-command"],
        ["ls", "--limit", "0"],
        ["reproduce", "no-such-experiment"],
    ],
)
def test_usage_errors_exit_with_2(service: FakeService, arguments: list[str]) -> None:
    assert ayla_command(service, *arguments).exit_code == 2
    assert service.requests == []


def test_an_invalid_spec_names_each_field_and_what_to_do(service: FakeService) -> None:
    result = ayla_command(service, "submit", text='{"problem": {"type": "expression", "expression": "x"}, "sedes": []}')

    assert result.exit_code == 1
    assert "sedes" in result.stderr
    assert "start" in result.stderr
    assert "http://service.test/docs" in result.stderr
    assert result.stdout == ""


def test_a_wrong_address_is_an_error_without_a_traceback(service: FakeService) -> None:
    result = ayla_command(service, "--base-url", "nonsense", "ls")

    assert result.exit_code == 1
    assert "'nonsense' is not an address" in result.stderr


def test_jobs_are_listed_newest_first(service: FakeService) -> None:
    first, second = submitted(service), submitted(service)
    table = ayla_command(service, "ls").stdout.splitlines()
    limited = ayla_command(service, "ls", "-q", "--limit", "1")

    assert table[0].split() == ["job", "name", "owner", "project", "priority", "state", "done", "created"]
    assert [line.split()[0] for line in table[1:]] == [second, first]
    assert limited.stdout == f"{second}\n"
    assert [job["id"] for job in json.loads(ayla_command(service, "ls", "--json").stdout)] == [second, first]


def test_an_empty_list_says_how_to_begin(service: FakeService) -> None:
    result = ayla_command(service, "ls")

    assert result.stdout == ""
    assert "ayla submit --preset poly-sgd" in result.stderr


def test_a_job_is_shown_with_its_trials_and_their_comparison(service: FakeService) -> None:
    job = submitted(service)
    ayla_command(service, "watch", job)
    text = ayla_command(service, "show", job).stdout
    document = json.loads(ayla_command(service, "show", job, "--json").stdout)

    assert "succeeded" in text
    assert f"{job}.1" in text
    assert "AYLA-SGD lr=0.03 N1=1 N2=1.4" in text
    assert "final loss, median" in text
    assert text.endswith(f"{service.client().compare(job)}\n")
    assert "A note of the service." in text
    assert (document["id"], document["state"]) == (job, "succeeded")
    assert document["comparison"] == service.client().compare(job).model_dump(mode="json")


def test_the_metric_that_is_shown_of_each_trial_can_be_chosen(service: FakeService) -> None:
    """It is the one that the optimizers are judged by; what a job lacks is not replaced by another number."""
    job = submitted(service)
    ayla_command(service, "watch", job)
    assert "final loss\n" in ayla_command(service, "show", job).stdout
    metrics = {"test_loss": {"final": 0.25, "best": 0.125, "best_epoch": 3}}
    service.trial_metrics = metrics | {"full_train_loss": {"final": 0.5, "best": 0.5, "best_epoch": 9}}
    for metric, heading, value in (
        ("test_loss", "test loss", "0.25"),
        ("full_train_loss", "full train loss", "0.5"),
        ("test_accuracy", "test accuracy", "not recorded"),
    ):
        shown = ayla_command(service, "show", job, "--metric", metric).stdout
        lines = shown.splitlines()
        place = next(index for index, line in enumerate(lines) if line.startswith("trial "))
        assert lines[place].endswith(heading)
        assert lines[place + 1].endswith(value)
        assert f"{heading}, median" in shown
        assert shown.endswith(f"{service.client().compare(job, metric=metric)}\n")


def test_a_baseline_is_asked_for_and_a_refusal_comes_before_anything_is_shown(service: FakeService) -> None:
    job = submitted(service)
    ayla_command(service, "show", job, "--baseline", "SGD lr=0.03")
    assert service.requests[-1].url.params["baseline"] == "SGD lr=0.03"

    wrong = problem(422, "invalid-request", "No such label.", [("/baseline", "No such label.")])
    page = httpx2.Response(200, json={"data": [], "next_cursor": None})
    service.replies = [httpx2.Response(200, json=service.jobs[job].document()), page, wrong]
    refused = ayla_command(service, "show", job, "--baseline", "none")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "No such label." in refused.stderr


def test_watching_ends_with_the_comparison(service: FakeService) -> None:
    result = ayla_command(service, "watch", submitted(service))

    assert result.exit_code == 0
    assert result.stdout == f"{service.client().compare('job-0')}\n"
    assert [line.partition(",")[0] for line in result.stderr.splitlines()] == [
        "poly-sgd: queued",
        "poly-sgd: running",
        "poly-sgd: succeeded",
    ]


def test_a_long_state_is_said_again_every_few_seconds(service: FakeService) -> None:
    job = submitted(service)
    service.jobs[job].looks_needed = 40
    result = ayla_command(service, "watch", job)

    running = [line for line in result.stderr.splitlines() if "running" in line]
    assert 5 <= len(running) <= service.time.now / 10 + 2


@pytest.mark.parametrize(
    ("name", "code", "advice"), [("failing", 6, "ran out of memory"), ("cancelled", 7, "was cancelled")]
)
def test_how_a_job_ended_is_the_exit_code(service: FakeService, name: str, code: int, advice: str) -> None:
    result = ayla_command(service, "submit", "--preset", "poly-sgd", "--name", name, "--watch")

    assert result.exit_code == code
    assert advice in result.stderr
    assert "ayla show job-0" in result.stderr


def test_a_watch_that_runs_out_of_time_says_how_to_come_back(service: FakeService) -> None:
    job = submitted(service)
    service.jobs[job].looks_needed = 99
    result = ayla_command(service, "watch", job, "--timeout", "1")

    assert result.exit_code == 124
    assert f"ayla watch {job}" in result.stderr


def test_ctrl_c_stops_watching_and_never_the_job(service: FakeService) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    job = submitted(service)
    shared = Session("http://service.test", transport=service.transport, clock=ayla.Clock(sleep=interrupt))
    result = CliRunner().invoke(app, ["watch", job], obj=shared)

    assert result.exit_code == 130
    assert f"ayla watch {job}" in result.stderr
    assert not service.jobs[job].cancelled
    assert all(request.url.path.rpartition("/")[2] != "cancel" for request in service.requests)


def test_a_watch_survives_a_restart_of_the_service(service: FakeService) -> None:
    job = submitted(service)
    first = httpx2.Response(200, json=service.jobs[job].document())
    service.replies = [first, *[httpx2.ConnectError("refused")] * 8]
    result = ayla_command(service, "watch", job)

    assert result.exit_code == 0
    assert result.stdout.startswith("optimizer")
    assert service.time.now > 5


def test_a_submit_that_is_watched_survives_a_restart_right_after_it(service: FakeService) -> None:
    fake = service.client().jobs.submit(problem=ayla.preset("poly-sgd"))
    accepted = httpx2.Response(202, json=service.jobs[fake.id].document())
    service.replies = [accepted, *[httpx2.ConnectError("refused")] * 8]
    result = ayla_command(service, "submit", "--preset", "poly-sgd", "--watch")

    assert result.exit_code == 0
    assert "poly-sgd: succeeded" in result.stderr


def test_json_lines_show_every_look(service: FakeService) -> None:
    result = ayla_command(service, "watch", submitted(service), "--jsonl")

    looks = [json.loads(line) for line in result.stdout.splitlines()]
    assert [look["state"] for look in looks] == ["queued", "running", "succeeded"]
    assert result.stderr == ""


def test_json_is_one_document_and_quiet_one_id(service: FakeService) -> None:
    job = submitted(service)
    assert json.loads(ayla_command(service, "watch", job, "--json").stdout)["state"] == "succeeded"
    quiet = ayla_command(service, "watch", job, "-q")

    assert (quiet.stdout, quiet.stderr) == (f"{job}\n", "")


def test_a_terminal_gets_bars(service: FakeService) -> None:
    terminal = io.StringIO()
    console = Console(file=terminal, force_terminal=True, width=120)
    result = ayla_command(service, "watch", submitted(service), messages=console)

    assert result.exit_code == 0
    assert "100%" in terminal.getvalue()
    assert "succeeded, 2 of 2 trials ended" in terminal.getvalue()


def test_no_color_is_respected(service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = io.StringIO()
    ayla_command(service, "watch", submitted(service), messages=Console(file=terminal, force_terminal=True, width=120))

    assert "succeeded" in terminal.getvalue()
    assert "\x1b[3" not in terminal.getvalue()


def test_a_job_is_cancelled(service: FakeService) -> None:
    result = ayla_command(service, "cancel", submitted(service))

    assert result.exit_code == 0
    assert "cancelled" in result.stdout
    assert service.jobs["job-0"].cancelled


def test_a_trajectory_is_written_as_csv_json_or_for_reading(service: FakeService) -> None:
    trial = f"{submitted(service)}.0"
    rows = [*csv.DictReader(io.StringIO(ayla_command(service, "trajectory", trial, "--csv").stdout))]
    document = json.loads(ayla_command(service, "trajectory", trial, "--json", "--columns", "step,param.x").stdout)
    ayla_command(service, "trajectory", trial)

    assert len(rows) == 51
    assert rows[0]["param.x"] == "-1.0"
    assert document["rows"] == 51
    assert [*document["columns"]] == ["step", "param.x"]
    assert document["columns"]["step"][:2] == [0, 1]
    assert service.requests[-1].url.params["max_points"] == "20"


def test_metrics_are_written_as_csv_json_or_for_reading(service: FakeService) -> None:
    job = service.client().jobs.submit(problem=ayla.preset("curve-a"))
    trial = f"{job.id}.0"
    rows = [*csv.DictReader(io.StringIO(ayla_command(service, "metrics", trial, "--csv").stdout))]
    document = json.loads(ayla_command(service, "metrics", trial, "--json", "--columns", "epoch,train_loss").stdout)
    lines = ayla_command(service, "metrics", trial).stdout.splitlines()

    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert document["columns"] == {"epoch": [1, 2, 3], "train_loss": [2.0, None, 1.0]}
    assert lines[0].split() == ["step", "epoch", "train_loss", "test_accuracy"]
    assert lines[3].split() == ["135", "3", "1", "0.75"]
    assert service.requests[-1].url.params["max_points"] == "20"


def test_a_trial_without_metrics_says_so(service: FakeService) -> None:
    result = ayla_command(service, "metrics", f"{submitted(service)}.0")

    assert result.exit_code == 0
    assert "no metrics" in result.stderr


def test_what_is_not_finite_is_null_in_json(service: FakeService) -> None:
    service.trajectory = lambda _plan, _job: {"step": [0, 1], "loss": [1.0, float("nan")]}
    document = json.loads(ayla_command(service, "trajectory", f"{submitted(service)}.0", "--json").stdout)

    assert document["columns"]["loss"] == [1.0, None]
