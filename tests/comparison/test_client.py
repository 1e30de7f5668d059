"""One comparison: what the Python client returns and prints about a job is what the service says, to the last word."""

import math
import pickle
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from random import Random
from typing import Any, get_args

import ayla
import httpx2
import pytest
from ayla.cli.app import app as command
from ayla.cli.session import Session
from ayla_service.app import create_app
from ayla_service.comparison.answers import job_comparison
from ayla_service.comparison.query import ComparisonQuery, Metric
from ayla_service.comparison.service import ComparisonResult, ComparisonService
from ayla_service.comparison.verdicts import verdict
from ayla_service.db.models import JobRow
from ayla_service.db.session import Database
from ayla_service.settings import Settings
from ayla_service.states import JobState, TrialState
from ayla_service.teams.principal import LOCAL
from ayla_service.trials.record import TrialRecord
from typer.testing import CliRunner

from tests.factories import set_trials, stored_trials, submit
from tests.http.helpers import with_shared_routes
from tests.http.serving import Served
from tests.trials.chunked import add_chunk

PLAIN, AYLA = "plain", "AYLA"
INF = math.inf

Ends = Mapping[str, Sequence[float | None]]
"""By label the final loss of each seed: infinite if the trial diverged, None if it has no result."""

START = 8.0
MINI_BATCHES: dict[str, Any] = {"problem": {"type": "dataset", "dataset": {"name": "digits"}, "batch_size": 32}}
DATASETS: list[dict[str, Any]] = [MINI_BATCHES, {"problem": {"type": "dataset", "dataset": {"name": "curve"}}}]
WHOLE_PARTS = ("test_loss", "test_accuracy", "full_train_loss", "full_train_accuracy")


@dataclass(frozen=True)
class Both:
    """A service on a socket, its store, and the client."""

    served: Served
    database: Database
    client: ayla.Client

    def said(self, job_id: str, query: ComparisonQuery) -> ComparisonResult:
        """The service's comparison, straight from where it is made."""
        return ComparisonService(self.database).compare(LOCAL, [job_id], query)

    def command(self, *arguments: str) -> str:
        """What the ``ayla`` command writes."""
        result = CliRunner().invoke(command, [*arguments], obj=Session(self.served.url))
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture
def both(tmp_path: Path, database: Database) -> Iterator[Both]:
    settings = Settings(data_dir=tmp_path)
    served = Served(with_shared_routes(create_app(settings, database)), settings)
    with ayla.Client(served.url) as client:
        yield Both(served, database, client)
    served.stop()


def setting(label: str) -> dict[str, Any]:
    """A setting by its label: "AYLA…" is AYLA on "plain", all others are optimizers of their own."""
    if label.startswith(AYLA):
        return {"name": "sgd", "learning_rate": 0.1, "label": label, "ayla": {"n2": 1.0 + 0.01 * len(label)}}
    rate = 0.1 if label == PLAIN else 0.2 + 0.01 * len(label)
    return {"name": "sgd", "learning_rate": rate, "label": label}


def ended_job(database: Database, ends: Ends, **changes: Any) -> str:
    """A job whose trials ended so, with what they recorded."""
    seeds = list(range(max(map(len, ends.values()))))
    optimizers = [setting(label) for label in ends]
    job_id = submit(database, optimizers=optimizers, seeds=seeds, budget={"steps": 10}, **changes).id
    with database.write() as session:
        job = session.get_one(JobRow, job_id)
        job.state, job.finished_at = JobState.SUCCEEDED, job.created_at
    for trial in stored_trials(database, job_id):
        end = ends[trial.label][trial.seed]
        if end is not None:
            _end(database, trial, end)
    return job_id


def _end(database: Database, trial: TrialRecord, end: float) -> None:
    """End a trial, and store the rows that it recorded."""
    diverged = math.isinf(end)
    best, step = (end, 10) if end < START else (START, 0)
    numbers: dict[str, Any] = {"steps_done": 10, "wall_seconds": 0.5, "best_loss": best, "best_step": step}
    for name in WHOLE_PARTS:
        numbers[name] = None if diverged else 1 / (1 + end) if name.endswith("accuracy") else end
    state = TrialState.DIVERGED if diverged else TrialState.COMPLETED
    set_trials(database, trial.job_id, trial.index, state=state, final_loss=None if diverged else end, **numbers)
    add_chunk(database, trial.id, {"step": [0, 10], "loss": [START, end]})


def compared(both: Both, job_id: str, query: ComparisonQuery | None = None) -> ayla.Comparison:
    """The client's comparison, after checking that it is the service's in every form."""
    query = query or ComparisonQuery()
    found = both.said(job_id, query)
    asked = asdict(query)
    returned: ayla.Comparison = both.client.compare(job_id, **asked)
    assert returned == both.client.compare(both.client.jobs.get(job_id), **asked)
    _require_equal(returned.model_dump(mode="json"), job_comparison(found).model_dump(mode="json"))
    verdicts = [verdict(test, query) for test in found.results[0].tests]
    assert returned.statements == (*verdicts, *found.notes)
    assert str(returned).splitlines()[1 + len(returned.optimizers) :] == [*verdicts, *found.notes]
    for statement in returned.statements:
        assert f"<p>{escape(statement)}</p>" in returned._repr_html_()
    return returned


def _require_equal(ours: Any, theirs: Any) -> None:
    """The client leaves nothing of an answer out, and has all of it as the service does, bit for bit."""
    if isinstance(ours, dict):
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            _require_equal(value, theirs[name])
    elif isinstance(ours, list):
        assert len(ours) == len(theirs)
        for value, expected in zip(ours, theirs, strict=True):
            _require_equal(value, expected)
    else:
        assert ours == theirs


def expected_rows(ends: Ends, *, final_losses: bool = True) -> list[list[str]]:
    """The table, counted out anew: a diverged run is infinite in the median, and what has no result is left out."""
    rows = []
    for label, of_seeds in ends.items():
        known = [end for end in of_seeds if end is not None]
        losses = [statistics.median(known), min(known), min(min(end, START) for end in known)] if known else []
        shown = ([f"{loss:.6g}" for loss in losses] or ["-"] * 3)[: 3 if final_losses else 2]
        rows.append([label, str(len(known)), *shown, str(sum(map(math.isinf, known)))])
    return rows


def table_of(comparison: ayla.Comparison) -> list[list[str]]:
    """The rows up to what diverged."""
    columns = comparison.headers.index("diverged") + 1
    lines = str(comparison).splitlines()[1 : 1 + len(comparison.optimizers)]
    return [line.split()[:columns] for line in lines]


LOWER = {wins: [0.5] * wins + [1.5] * (10 - wins) for wins in (5, 6, 7, 9, 10)}

CASES: dict[str, Ends] = {
    "nine of ten seeds diverged": {PLAIN: [0.25] + [INF] * 9, AYLA: [1.0 + seed / 16 for seed in range(10)]},
    "half of the seeds diverged": {PLAIN: [0.25, 0.5, INF, INF], AYLA: [1.0, 2.0, 3.0, INF]},
    "all diverged": {PLAIN: [INF] * 4, AYLA: [INF] * 4},
    "never lower": {PLAIN: [1.0] * 12, AYLA: [2.0 + seed for seed in range(12)]},
    "ties": {PLAIN: [1.0, 2.0, 3.0, 4.0, 5.0, INF], AYLA: [1.0, 2.0, 2.5, 4.0, 6.0, INF]},
    "copies of one run": {PLAIN: [1.0] * 5, AYLA: [0.5] * 5},
    "one seed": {PLAIN: [1.0], AYLA: [0.5]},
    "different seeds": {PLAIN: [1.0, 2.0, 3.0, None, None, 1.5], AYLA: [None, 1.0, INF, 4.0, 5.0, None]},
    "no seed in common": {PLAIN: [1.0, None], AYLA: [None, 1.0]},
    "no result": {PLAIN: [None, None], AYLA: [None, None]},
    "no setting to compare with": {PLAIN: [1.0, 2.0], "other": [2.0, INF]},
    "many settings": {
        PLAIN: [1.0 + seed / 1024 for seed in range(10)],
        **{f"{AYLA}{'+' * place}": LOWER[wins] for place, wins in enumerate((9, 9, 9, 9, 9, 7, 6, 5))},
    },
}


def test_client_and_command_print_what_the_service_says(both: Both) -> None:
    for place, (name, ends) in enumerate(CASES.items()):
        job_id = ended_job(both.database, ends, **(DATASETS[place % 4 // 2] if place % 2 else {}))
        comparison = compared(both, job_id)
        assert table_of(comparison) == expected_rows(ends, final_losses=not place % 2), name
        assert both.command("show", job_id).endswith(f"\n{comparison}\n")
        assert both.command("watch", job_id) == f"{comparison}\n"


def test_every_metric_can_be_asked_for_in_every_form(both: Both) -> None:
    job_id = ended_job(both.database, CASES["ties"], **MINI_BATCHES)
    asked: dict[str, list[str]] = {
        "test_accuracy": [],
        "final_loss": [],
        "gap": ["--minimum", "-1.0"],
        "epochs_to_target": ["--target", "0.3", "--target-metric", "full_train_accuracy"],
    }
    for metric, options in asked.items():
        query = {
            name.strip("-").replace("-", "_"): value for name, value in zip(options[::2], options[1::2], strict=True)
        }
        numbers: dict[str, Any] = {
            name: value if name == "target_metric" else float(value) for name, value in query.items()
        }
        comparison = compared(both, job_id, ComparisonQuery(metric, **numbers))  # type: ignore[arg-type]
        shown = both.command("show", job_id, "--metric", metric, *options, "--confidence", "0.95", "--baseline", PLAIN)
        with_baseline = both.client.compare(job_id, metric=metric, baseline=PLAIN, **numbers)
        assert shown.endswith(f"\n{with_baseline}\n")
        assert comparison.headers == with_baseline.headers
        (pair,) = compared(both, job_id, ComparisonQuery(metric, values=True, **numbers)).pairs  # type: ignore[arg-type]
        assert len(pair.values or ()) == pair.pairs
    assert both.command("watch", job_id, "--metric", "test_accuracy") == (
        f"{both.client.compare(job_id, metric='test_accuracy')}\n"
    )


def test_what_is_said_of_known_cases(both: Both) -> None:
    def said(name: str, metric: str | None = None, **changes: Any) -> str:
        return str(both.client.compare(ended_job(both.database, CASES[name], **changes), metric=metric))

    plain, ayla_row = table_of(both.client.compare(ended_job(both.database, CASES["nine of ten seeds diverged"])))
    assert (plain[2], ayla_row[2]) == ("inf", "1.28125")
    assert "AYLA ended higher than plain on 12 of 12 seeds: unlikely to be chance" in said("never lower")
    many = said("many settings")
    assert many.count("p = 0.021; 0.17 after Holm's correction for the 8 tests over seeds of this answer") == 5
    assert (many.count("could be chance"), many.count("unlikely to be chance")) == (8, 0)
    assert "copies of one run and count as one" in said("copies of one run")
    assert "One seed says nothing" in said("one seed")
    assert "AYLA had a lower test accuracy than plain on 12 of 12 seeds: unlikely to be chance" in said(
        "never lower", "test_accuracy", **MINI_BATCHES
    )
    assert "AYLA had a higher test loss than plain on 12 of 12 seeds" in said("never lower", **MINI_BATCHES)
    of_one_batch = said("never lower", "final_loss", **MINI_BATCHES)
    assert of_one_batch.count("with mini-batches it is the loss of a single one") == 2
    assert "seeds" not in of_one_batch.splitlines()[-1]


def test_random_jobs_are_compared_alike(both: Both) -> None:
    random = Random(20261130)
    for _ in range(20):
        labels = [PLAIN, *(AYLA + "+" * place for place in range(random.randint(1, 4))), "other"]
        seeds = random.randint(1, 12)
        one_of = [*range(1, 7), *[INF] * random.randint(0, 6), *[None] * random.randint(0, 2)]
        ends = {label: [random.choice(one_of) for _ in range(seeds)] for label in labels}
        changes = random.choice([{}, MINI_BATCHES])
        job_id = ended_job(both.database, ends, **changes)
        assert table_of(compared(both, job_id)) == expected_rows(ends, final_losses=not changes)
        metric = random.choice(get_args(Metric))
        query = ComparisonQuery(metric, random.choice([1.0, 4.0]), random.choice([0.5, 0.9]), random.choice(labels))
        compared(both, job_id, query)


def test_tables_of_client_and_command_are_the_text_of_the_service(both: Both) -> None:
    """To the last byte, for a job, for several jobs and for arms; a comparison that was copied away has none."""
    job_id, other = (ended_job(both.database, CASES["ties"], dtype=dtype) for dtype in ("float64", "float32"))
    protocol = {"tuning_seeds": [0, 1], "confirm_seeds": [2, 3, 4, 5]}
    for found, body in (
        (both.client.compare(job_id, metric="best_loss"), {"job_ids": [job_id], "metric": "best_loss"}),
        (both.client.compare([job_id, other]), {"job_ids": [job_id, other]}),
        (both.client.compare(job_id, protocol=protocol), {"job_ids": [job_id], "protocol": protocol}),
    ):
        texts = {"markdown": found.to_markdown(), "latex": found.to_latex(), "csv": found.to_csv()}
        for form, text in texts.items():
            answer = httpx2.post(f"{both.served.url}/v1/comparisons?format={form}", json=body, trust_env=False)
            assert text == answer.text
        copied = pickle.loads(pickle.dumps(found))
        assert copied == found
        with pytest.raises(ayla.AylaError, match="did not come from a client"):
            copied.to_csv()
    for form in ("markdown", "latex", "csv"):
        answer = httpx2.post(
            f"{both.served.url}/v1/comparisons?format={form}", json={"job_ids": [job_id, other]}, trust_env=False
        )
        assert both.command("compare", job_id, other, "--format", form).rstrip() == answer.text.rstrip()
    refused = CliRunner().invoke(
        command, ["compare", job_id, "--format", "csv", "--json"], obj=Session(both.served.url)
    )
    assert refused.exit_code == 2
    assert "give one of --json, --format" in refused.output
