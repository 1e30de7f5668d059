"""Arms of a comparison: names that settings share, which are no settings themselves."""

from typing import Any

from ayla_service.comparison.effects import copies
from ayla_service.comparison.pairs import matches
from ayla_service.comparison.runs import ComparedSetting
from ayla_service.db.session import Database
from ayla_spec.optimizers.effect import LossCounts

from tests.comparison.comparing import problem, run, runs_of
from tests.comparison.stored import AYLA, PLAIN, compare, end, new_job, optimizers


def compared(label: str, arm: str | None, ayla: dict[str, Any] | None) -> ComparedSetting:
    names = {"label": label} | ({} if arm is None else {"arm": arm})
    counts = LossCounts(5, 0)
    runs = runs_of(run(1.0 + seed, seed, loss_counts=counts) for seed in (0, 1))
    return ComparedSetting(label, {"name": "sgd", "learning_rate": 0.1, "ayla": ayla} | names, runs=runs)


def test_the_arm_is_no_setting_of_pairs_and_copies() -> None:
    made = problem({})
    made.settings = {
        "plain": compared("plain", "SGD", None),
        "mine": compared("mine", "AYLA-SGD", {"n1": 1.0, "n2": 2.0}),
        "other": compared("other", None, {"n1": 1.5, "n2": 2.0}),
    }
    assert [(match.label, match.base_label) for match in matches([made], None)] == [
        ("mine", "plain"),
        ("other", "plain"),
    ]
    assert copies(made) == {"mine": "plain"}


def test_an_arm_that_one_job_names_holds_for_all_and_makes_no_difference(database: Database) -> None:
    with_arms = [{**one, "arm": arm} for one, arm in zip(optimizers(), ("SGD", "AYLA-SGD"), strict=True)]
    first, second = new_job(database, seeds=[0]), new_job(database, seeds=[1], optimizers=with_arms)
    for job_id, seed in ((first, 0), (second, 1)):
        end(database, job_id, PLAIN, seed, [2.0, 1.0 + seed])
    found = compare(database, first, second)
    settings = found.results[0].problem.settings
    assert {label: setting.arm for label, setting in settings.items()} == {PLAIN: "SGD", AYLA: "AYLA-SGD"}
    assert not any(setting.varies for setting in settings.values())
    assert not any("different settings" in note for note in found.notes)
    alone = compare(database, first).results[0].problem.settings
    assert {setting.arm for setting in alone.values()} == {PLAIN, AYLA}
