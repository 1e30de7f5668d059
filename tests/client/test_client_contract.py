"""What the client repeats of the service's contract equals it: states, limits, names, defaults."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import ayla
import click
import numpy
import pytest
from ayla import _retry, errors
from ayla._address import DEFAULT_BASE_URL
from ayla._async import base, results, steering, team
from ayla.builders import optimizers
from ayla.builders.settings import CommonSettings
from ayla.cli import news
from ayla.cli.app import app
from ayla.cli.errors import _ADVICE_BY_SLUG, ExitCode
from ayla.cli.specfile import MAX_BYTES
from ayla.comparison import _LOSSES, _TO_TARGET, _WHOLE_PARTS, ComparedOptimizer
from ayla.metrics import TRIAL_METRICS
from ayla.models import FINISHED_JOB_STATES, UNFINISHED_JOB_STATES
from ayla.reproduce import MethodRun
from ayla.reproduce.figures.polynomial import _polynomial, _transformed
from ayla_service.errors import ServiceError
from ayla_service.settings import Settings
from ayla_service.states import PRIORITIES, UNFINISHED_JOB, JobState
from ayla_spec.presets import PRESETS
from ayla_spec.problems import ExpressionProblem
from typer.main import get_command

from tests.client.trajectories import polynomial

ROOT = Path(__file__).parents[2]
CONTRACT: dict[str, Any] = json.loads((ROOT / "openapi.json").read_text())
SCHEMAS: dict[str, Any] = CONTRACT["components"]["schemas"]


def parameter(path: str, name: str) -> dict[str, Any]:
    (found,) = [each["schema"] for each in CONTRACT["paths"][path]["get"]["parameters"] if each["name"] == name]
    assert isinstance(found, dict)
    return found


def option_help(command: str, option: str) -> str:
    """What ``--help`` says of an option or argument."""
    parameters = cast("click.Group", get_command(app)).commands[command].params
    (found,) = [str(vars(each)["help"]) for each in parameters if each.name == option]
    return found


def test_states_and_priorities_are_those_of_the_service() -> None:
    assert FINISHED_JOB_STATES | {*UNFINISHED_JOB} == {*JobState} == {*SCHEMAS["JobState"]["enum"]}
    assert not FINISHED_JOB_STATES & {*UNFINISHED_JOB}
    assert {*UNFINISHED_JOB_STATES} == {*UNFINISHED_JOB}

    help_of_state = option_help("ls", "state")
    assert all(state in help_of_state for state in (*JobState, steering.PAUSED))
    for command in ("submit", "priority"):
        assert all(priority in option_help(command, "priority") for priority in PRIORITIES)


def test_pages_are_as_long_as_the_service_allows() -> None:
    lengths = {
        "/v1/jobs/{job_id}/trials": results._TRIALS_PER_PAGE,
        "/v1/jobs/{job_id}/attempts": steering._ATTEMPTS_PER_PAGE,
        "/v1/members": team._MEMBERS_PER_PAGE,
    }
    usual = ("/v1/jobs", "/v1/keys", "/v1/datasets", "/v1/webhooks", "/v1/webhooks/{webhook_id}/deliveries")
    lengths |= dict.fromkeys(usual, base.PER_PAGE)
    assert lengths == {path: parameter(path, "limit")["maximum"] for path in lengths}


def test_the_default_address_and_the_largest_job_file_are_those_of_the_settings() -> None:
    port, max_body_bytes = (Settings.model_fields[name].default for name in ("port", "max_body_bytes"))
    assert f"http://127.0.0.1:{port}" == DEFAULT_BASE_URL
    assert max_body_bytes == MAX_BYTES


def slugs(kind: type[ServiceError]) -> Iterator[str]:
    """Those of all errors of a kind; one that only others are made of has none."""
    for error in kind.__subclasses__():
        yield from [error.slug] if "slug" in vars(error) else []
        yield from slugs(error)


def test_every_problem_that_the_client_knows_is_one_of_the_service() -> None:
    assert {*_ADVICE_BY_SLUG, _retry._DAMAGED} <= {*slugs(ServiceError)}


def test_every_status_of_an_error_has_its_own_error() -> None:
    answers = [operation["responses"] for methods in CONTRACT["paths"].values() for operation in methods.values()]
    refusals = {int(status) for answer in answers for status in answer if status.startswith("4")}
    assert errors._BY_STATUS.keys() == refusals
    assert len({*errors._BY_STATUS.values()}) == len(refusals)


def test_metrics_with_a_column_are_those_of_the_service() -> None:
    metrics = {*parameter("/v1/jobs/{job_id}/comparison", "metric")["enum"]}
    assert metrics == _WHOLE_PARTS | _TO_TARGET | _LOSSES | {"gap", "area_under_curve"}
    assert metrics <= SCHEMAS["ComparedOptimizer"]["properties"].keys() & ComparedOptimizer.model_fields.keys()


def test_the_metrics_of_a_trial_are_those_of_the_service() -> None:
    of_parts = {*SCHEMAS["TrialSummary"]["properties"]["metrics"]["propertyNames"]["enum"]}
    assert {*TRIAL_METRICS} == of_parts | {"final_loss", "best_loss"}
    assert {*ayla.TrialMetric.model_fields} == {*SCHEMAS["TrialMetric"]["properties"]}


def test_the_stream_has_the_events_that_the_remaining_time_is_read_from() -> None:
    schemas = {news.PROGRESS_EVENT: "ProgressEvent"}
    schemas |= dict(zip(news.ROWS_EVENTS, ("JobSnapshotEvent", "MetricEvent"), strict=True))
    for event, schema in schemas.items():
        assert SCHEMAS[schema]["properties"]["event"]["const"] == event
    assert news.ETA_FIELD in SCHEMAS["ProgressData"]["properties"]
    for data in ("JobSnapshotData", "MetricData"):
        assert news.ROWS_FIELD in SCHEMAS[data]["properties"]
    assert {"id", news.LOSS_FIELD} <= SCHEMAS["StreamedTrial"]["properties"].keys()


def documented_defaults(name: str) -> dict[str, Any]:
    """The service's defaults of an optimizer's settings, as the docstring of its builder has them."""
    arguments = re.findall(r"^ {8}(\w+): (.*(?:\n {12}.*)*)", getattr(optimizers, name).__doc__ or "", re.M)
    told = {setting: re.search(r"service\s+default\s+([\w.-]+?)\.$", words) for setting, words in arguments}
    return {setting: ast.literal_eval(found[1]) for setting, found in told.items() if found}


def test_docstrings_have_the_services_defaults() -> None:
    optimizers_of_a_job = SCHEMAS["JobSpec"]["properties"]["optimizers"]["anyOf"][0]["items"]
    for name, reference in optimizers_of_a_job["discriminator"]["mapping"].items():
        properties = SCHEMAS[reference.rpartition("/")[2]]["properties"]
        own = {*properties} - {"name", "learning_rate"} - {*CommonSettings.__annotations__}
        assert documented_defaults(name) == {setting: properties[setting]["default"] for setting in own}, name


def test_exit_codes_are_on_the_page() -> None:
    page = (ROOT / "clients" / "python" / "README.md").read_text()
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.M)} == {0, *ExitCode}


def test_the_curves_of_the_figures_are_the_problem_of_the_preset() -> None:
    preset = PRESETS["poly-sgd"]
    assert isinstance(preset.problem, ExpressionProblem)
    x = numpy.linspace(-1.15, 2.95, 50)
    assert _polynomial(x) == pytest.approx(eval(preset.problem.expression, {"x": x}))
    columns = polynomial({"name": "sgd", "learning_rate": 0.03, "ayla": {"n1": 1.2, "n2": 1.4}}, 50)
    trial = ayla.Trial(
        id="trial",
        job_id="job",
        index=0,
        optimizer_index=0,
        label="AYLA",
        seed=0,
        state="completed",
        optimizer={"ayla": {"n1": 1.2, "n2": 1.4}},
    )
    run = MethodRun(trial, ayla.Trajectory("trial", columns), ayla.Predictions("trial", (), {}))
    assert _transformed(numpy.array(columns["loss"]), run) == pytest.approx(numpy.array(columns["transformed_loss"]))
