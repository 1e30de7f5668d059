"""A small study as it is meant to be asked: functions from random starts, arms tuned on some and judged on others."""

import statistics
from collections.abc import Mapping

from ayla_service.comparison.answers import jobs_comparison
from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.query import ComparisonQuery
from ayla_service.comparison.service import ComparisonService
from ayla_service.comparison.significance import sign_test
from ayla_service.db.session import Database
from ayla_service.teams.principal import LOCAL
from ayla_spec.functions import TEST_FUNCTIONS

from tests.factories import stored_trials, submit
from tests.worker.test_effects import run_all

NAMES = ("booth", "himmelblau", "three-hump-camel", "matyas")
RATES = (1e-3, 1e-2, 0.1)
PAIRS = ((1.2, 1.0), (1.0, 0.8))
TUNING, CONFIRM = (0, 1, 2), (3, 4, 5)

SGD = [{"name": "sgd", "learning_rate": rate, "arm": "SGD"} for rate in RATES]
AYLA = [
    {"name": "sgd", "learning_rate": rate, "arm": "AYLA-SGD", "ayla": {"n1": n1, "n2": n2}}
    for rate in RATES
    for n1, n2 in PAIRS
]

Losses = Mapping[str, Mapping[int, float]]
"""Final losses by label and seed; infinite if the trial diverged."""


def job_of(database: Database, name: str) -> str:
    """A job that runs all settings from six starts, drawn from the domain of a function."""
    (function,) = [one for one in TEST_FUNCTIONS if one.name == name]
    start = {variable: drawn.model_dump(exclude_none=True) for variable, drawn in function.random_start.items()}
    problem = {"type": "expression", "expression": function.expression, "start": start}
    seeds = [*TUNING, *CONFIRM]
    return submit(database, problem=problem, optimizers=[*SGD, *AYLA], budget={"steps": 40}, seeds=seeds).id


def losses_of(database: Database, job_id: str) -> Losses:
    found: dict[str, dict[int, float]] = {}
    for trial in stored_trials(database, job_id):
        found.setdefault(trial.label, {})[trial.seed] = float("inf") if trial.final_loss is None else trial.final_loss
    return found


def best_of(losses: Losses, prefix: str) -> str:
    mine = [label for label in losses if label.startswith(prefix)]
    return min(mine, key=lambda label: statistics.median(losses[label][seed] for seed in TUNING))


def test_the_service_says_what_the_losses_say(database: Database) -> None:
    job_ids = [job_of(database, name) for name in NAMES]
    run_all(database)
    protocol = Protocol(TUNING, CONFIRM)
    found = jobs_comparison(ComparisonService(database).compare(LOCAL, job_ids, ComparisonQuery(), protocol)).protocol
    assert found is not None
    signs, diverged = [], 0
    for job_id, there in zip(job_ids, found.problems, strict=True):
        losses = losses_of(database, job_id)
        assert len({loss for seeds in losses.values() for loss in seeds.values()}) > 6, "starts differ"
        diverged += sum(loss == float("inf") for seeds in losses.values() for loss in seeds.values())
        chosen = {arm: best_of(losses, f"{arm} ") for arm in ("SGD", "AYLA-SGD")}
        assert {arm.arm: arm.selected for arm in there.arms} == chosen
        ours, base = (statistics.median(losses[chosen[arm]][seed] for seed in CONFIRM) for arm in ("AYLA-SGD", "SGD"))
        assert [arm.confirmation.value.median for arm in there.arms if arm.confirmation and arm.confirmation.value] == [
            base, ours,
        ]  # fmt: skip
        signs.append((ours > base) - (ours < base))
    (pair,) = found.pairs
    wins, lost = signs.count(-1), signs.count(1)
    assert (pair.wins, pair.losses, pair.ties) == (wins, lost, signs.count(0))
    assert pair.sign_test is not None
    assert pair.sign_test.p_value == sign_test(wins, lost)
    assert "settings of AYLA-SGD, 3 of SGD)" in pair.verdict.split(":")[0]
    assert pair.equal_budgets is not None
    assert pair.equal_budgets.problems is not None
    assert pair.equal_budgets.problems.unknown == 0
    assert diverged > 0
