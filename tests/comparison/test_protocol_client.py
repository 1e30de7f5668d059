"""Arms in the Python client and the command: what they print is what the service says, to the last word."""

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import ayla
import pytest
from ayla.cli.app import app as command
from ayla.cli.session import Session
from ayla_service.app import create_app
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from typer.testing import CliRunner

from tests.comparison.comparing import INF
from tests.comparison.stored import end
from tests.comparison.test_client import Both
from tests.factories import submit
from tests.http.helpers import with_shared_routes
from tests.http.serving import Served

RATES = (0.01, 0.1, 1.0)
TUNING, CONFIRM = range(3), range(3, 12)


@pytest.fixture
def both(tmp_path: Path, database: Database) -> Iterator[Both]:
    settings = Settings(data_dir=tmp_path)
    served = Served(with_shared_routes(create_app(settings, database)), settings)
    with ayla.Client(served.url) as client:
        yield Both(served, database, client)
    served.stop()


def study(database: Database, **changes: Any) -> str:
    """A job of two arms with three settings each: the middle rate is best, the largest diverges without AYLA."""
    optimizers = [
        ayla.sgd(rate, arm=arm, label=f"{arm} {rate:g}", ayla=on)
        for arm, on in (("SGD", None), ("AYLA", ayla.transform(n2=1.4)))
        for rate in RATES
    ]
    job_id = submit(database, optimizers=optimizers, seeds=[*TUNING, *CONFIRM], **changes).id
    for place, one in enumerate(optimizers):
        for seed in (*TUNING, *CONFIRM):
            loss = INF if one["label"] == "SGD 1" else (5.0, 2.0, 4.0, 5.0, 3.0, 4.0)[place] + seed / 16
            end(database, job_id, one["label"], seed, [8.0, loss])
    return job_id


def test_the_client_returns_and_prints_what_the_service_says(both: Both) -> None:
    jobs = [study(both.database, budget={"steps": steps}) for steps in (10, 20)]
    protocol = ayla.protocol(TUNING, CONFIRM, metric="final_loss")
    for asked in (jobs[:1], jobs):
        found = both.client.compare(asked, protocol=protocol)
        said = both.client._transport.post("/v1/comparisons", {"job_ids": asked, "protocol": protocol}).json()
        assert found.protocol is not None
        _require_all(found.protocol.model_dump(mode="json"), said["protocol"])
        verdicts = [
            sentence
            for pairs in (*(one["pairs"] for one in said["protocol"]["problems"]), said["protocol"]["pairs"])
            for pair in pairs
            for sentence in (pair["verdict"], *([pair["equal_budgets"]["verdict"]] if pair["equal_budgets"] else []))
        ]
        aggregates = [pair["statement"] for pair in said["aggregates"]]
        assert found.statements == (*verdicts, *aggregates, *said["notes"])
        assert len(verdicts) == (1 if len(asked) == 1 else 3)
        printed, html = str(found).splitlines(), found._repr_html_()
        for sentence in found.statements:
            assert sentence in printed
            assert f"<p>{escape(sentence)}</p>" in html
        seeds = ("--tuning-seeds", "0-2", "--confirm-seeds", "3-9,10,11", "--select-metric", "final_loss")
        assert both.command("compare", *asked, *seeds) == f"{found}\n"
        assert json.loads(both.command("compare", *asked, *seeds, "--json"))["protocol"] == said["protocol"]
        details = both.command("compare", *asked, *seeds, "--tables")
        assert details.count("Best tuning value by learning rate:") == len(asked)
    assert both.client.compare(jobs[0], protocol=protocol) == both.client.compare(jobs[:1], protocol=protocol)


def _require_all(ours: Any, theirs: Any) -> None:
    """The client leaves nothing of the answer out."""
    if isinstance(ours, dict):
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            _require_all(value, theirs[name])
    elif isinstance(ours, list):
        assert len(ours) == len(theirs)
        for value, expected in zip(ours, theirs, strict=True):
            _require_all(value, expected)
    else:
        assert ours == theirs


def test_the_tables_of_arms(both: Both) -> None:
    found = both.client.compare(study(both.database), protocol=ayla.protocol(TUNING, CONFIRM))
    *lines, verdict, empty, note = str(found).splitlines()
    assert lines == [
        "x**4 - 3*x**3 + 2, 10 steps",
        "Arms (selected by the median final loss on the tuning seeds):",
        "arm   selected  settings  copies  diverging  tuning  confirmed  seeds",
        "SGD   SGD 0.1          3       0        33%  2.0625     2.4375      9",
        "AYLA  AYLA 0.1         3       0         0%  3.0625     3.4375      9",
        "",
        "Expected best of k settings on the tuning seeds (band):",
        "k                        SGD                        AYLA",
        "1        inf (2.0625 to inf)   4.0625 (3.0625 to 5.0625)",
        "2  3.0625 (2.0625 to 5.0625)  3.39583 (3.0625 to 4.0625)",
        "3                     2.0625                      3.0625",
        "",
        "Best tuning value by learning rate:",
        "learning rate     SGD    AYLA",
        "         0.01  5.0625  5.0625",
        "          0.1  2.0625  3.0625",
        "            1     inf  4.0625",
        "",
    ]
    assert (found.statements, empty) == ((verdict, note), "")
    assert verdict.startswith("AYLA ended higher than SGD on 9 of 9 seeds: unlikely to be chance")


def test_several_jobs_without_a_protocol(both: Both) -> None:
    jobs = [study(both.database, budget={"steps": steps}) for steps in (10, 20)]
    found = both.client.compare(jobs)
    assert found.protocol is None
    assert str(found).splitlines()[:3] == [
        "x**4 - 3*x**3 + 2, 10 steps",
        "Optimizers:",
        "optimizer  seeds  final loss, median  final loss, lowest  best loss  diverged",
    ]
    assert "Over 2 problems" in str(found).splitlines()
    (pair, *_) = found.aggregates
    assert (pair.label, pair.base_label, pair.compared_as) == ("AYLA 0.01", "SGD 0.01", "ayla")
    assert pair.improvement is not None
    assert (pair.improvement.problems, pair.improvement.interval is None) == (2, False)
    assert pair.interquartile_mean is not None
    assert pair.interquartile_mean.no_interval == "fewer than 5 problems"
    assert pair.statement in str(found).splitlines()
    for asked in (jobs, jobs[0]):
        profile = both.client.compare(asked, targets=[6.0, 5.5], cost="gradient_evaluations").profile or {}
        assert (profile["targets"], profile["cost"]) == (2, "gradient_evaluations")
    assert both.command("compare", *jobs) == f"{found}\n"
    assert [job.id for job in found.jobs] == jobs


def test_seeds_that_make_no_sense_are_refused_by_name(both: Both) -> None:
    for options, said in (
        (["--tuning-seeds", "0-3"], "--confirm-seeds"),
        (["--confirm-seeds", "0-3"], "--tuning-seeds"),
        (["--select-metric", "test_loss"], "--tuning-seeds"),
        (["--tuning-seeds", "0-x", "--confirm-seeds", "4"], "not '0-x'"),
        (["--tuning-seeds", "0", "--confirm-seeds", "9-4"], "'9-4' is no range"),
        (["--tuning-seeds", "0-1000", "--confirm-seeds", "4"], "'0-1000' is no range"),
    ):
        result = CliRunner().invoke(command, ["compare", "job", *options], obj=Session(both.served.url))
        assert result.exit_code == 2
        assert said in result.output


def test_what_the_service_refuses_is_an_error_with_the_field(both: Both) -> None:
    job_id = study(both.database)
    with pytest.raises(ayla.UnprocessableEntityError) as refused:
        both.client.compare(job_id, protocol=ayla.protocol([0, 0], [1]))
    assert [error.pointer for error in refused.value.errors] == ["/protocol/tuning_seeds"]
    for asked in (job_id, [job_id]):
        with pytest.raises(ayla.InvalidRequest, match="/targets"):
            both.client.compare(asked, targets=[])
    with pytest.raises(ayla.InvalidRequest):
        both.client.compare([3])  # type: ignore[arg-type]
