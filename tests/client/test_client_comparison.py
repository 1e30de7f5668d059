"""Optimizers side by side, and AYLA against its base."""

import math
from typing import Any

import ayla
import pytest
from ayla.pairing import pairings
from hypothesis import given
from hypothesis import strategies as st

from tests.client.fake_service import FakeService

ADAM: dict[str, Any] = {"name": "adam", "learning_rate": 0.01, "ayla": None}
AYLA_ADAM: dict[str, Any] = ADAM | {"ayla": {"n1": 1.0, "n2": 0.5}}
OTHER_RATE: dict[str, Any] = AYLA_ADAM | {"learning_rate": 0.02}

losses = st.floats(min_value=-100, max_value=100) | st.none()


def trial(place: int, optimizer: dict[str, Any], seed: int, loss: float | None, **changes: Any) -> ayla.Trial:
    """A trial that ended; without a loss it diverged."""
    label = ("AYLA" if optimizer["ayla"] else "plain") + f" {optimizer['learning_rate']:g}"
    summary = {"final_loss": loss, "best_loss": loss, "first_nonfinite_step": 3 if loss is None else None}
    fields = {
        "id": f"{place}-{seed}",
        "job_id": "job",
        "index": 0,
        "optimizer_index": place,
        "label": label,
        "optimizer": optimizer | {"label": label},
        "seed": seed,
        "state": "completed" if loss is not None else "diverged",
        "summary": summary,
    }
    return ayla.Trial.model_validate(fields | changes)


def both(plain: list[float | None], with_ayla: list[float | None]) -> list[ayla.Trial]:
    return [
        *(trial(0, ADAM, seed, loss) for seed, loss in enumerate(plain)),
        *(trial(1, AYLA_ADAM, seed, loss) for seed, loss in enumerate(with_ayla)),
    ]


def test_a_table_has_a_row_per_optimizer() -> None:
    comparison = ayla.Comparison.of("job", both([3.0, 1.0, None], [0.5, 0.25, 0.75]))

    plain, with_ayla = comparison.rows
    assert (plain.label, plain.seeds, plain.diverged) == ("plain 0.01", 3, 1)
    assert (plain.median_final_loss, plain.lowest_final_loss) == (2.0, 1.0)
    assert (with_ayla.median_final_loss, with_ayla.lowest_final_loss, with_ayla.diverged) == (0.5, 0.25, 0)


def test_text_and_html_show_the_same_table() -> None:
    comparison = ayla.Comparison.of("job", both([3.0, 1.0], [0.5, None]))
    text, html = str(comparison), comparison._repr_html_()

    assert text.splitlines()[0].startswith("optimizer")
    for part in ("plain 0.01", "AYLA 0.01", "0.5"):
        assert part in text
        assert part in html
    assert "on 1 of 2 seeds" in text
    assert "on 1 of 2 seeds" in html


def test_trials_that_have_not_ended_are_left_out() -> None:
    running = trial(0, ADAM, 5, 1.0, state="running", summary=None)

    assert ayla.Comparison.of("job", [running]).rows == ()
    assert str(ayla.Comparison.of("job", [])).startswith("optimizer")


def test_a_pairing_counts_seeds_and_says_how_sure() -> None:
    plain: list[float | None] = [1.0] * 10
    with_ayla: list[float | None] = [*[0.5] * 9, 2.0]
    (pairing,) = pairings(both(plain, with_ayla))

    assert (pairing.won, pairing.lost, pairing.tied) == (9, 1, 0)
    assert pairing.p_value == pytest.approx(22 / 1024)
    assert pairing.median_difference == -0.5
    assert "AYLA 0.01 ended lower than plain 0.01 on 9 of 10 seeds: unlikely to be chance" in pairing.statement


def test_a_weak_result_is_called_one() -> None:
    (pairing,) = pairings(both([1.0, 1.0, 1.0], [0.5, 0.5, 2.0]))

    assert "could be chance" in pairing.statement


@pytest.mark.parametrize(("end", "result"), [(0.5, "lower than"), (2.0, "higher than"), (1.0, "equal to")])
def test_copies_of_one_run_count_as_one(end: float, result: str) -> None:
    (pairing,) = pairings(both([1.0] * 20, [end] * 20))

    assert (pairing.seeds, pairing.runs) == (20, 1)
    assert (pairing.p_value, pairing.interval) == (None, None)
    assert pairing.statement.startswith(f"AYLA 0.01 ended {result} plain 0.01. The seeds make no difference here: ")
    assert "nothing random in this problem" in pairing.statement
    assert "p =" not in pairing.statement
    assert "interval" not in pairing.statement


def test_copies_are_named_in_the_comparison_too() -> None:
    assert "The seeds make no difference" in str(ayla.Comparison.of("job", both([1.0] * 3, [None] * 3)))


def test_one_seed_that_differs_in_the_last_digit_makes_them_seeds() -> None:
    (pairing,) = pairings(both([1.0] * 20, [*[0.5] * 19, math.nextafter(0.5, 1)]))

    assert (pairing.runs, pairing.won) == (20, 20)
    assert pairing.p_value == pytest.approx(2 / 2**20)


def test_diverging_everywhere_is_no_sign_of_copies() -> None:
    (pairing,) = pairings(both([None] * 5, [None] * 5))

    assert (pairing.runs, pairing.tied, pairing.p_value) == (5, 5, 1.0)
    assert "nothing random" not in pairing.statement


@pytest.mark.parametrize("count", [2, 3, 5, 6, 10])
def test_an_interval_needs_six_pairs_and_its_absence_says_why(count: int) -> None:
    (pairing,) = pairings(both([1.0 + seed for seed in range(count)], [0.5] * count))

    assert (pairing.interval is None) == (count < 6)
    assert ("no interval: fewer than 6 pairs" in pairing.statement) == (count < 6)
    assert ("95 % bootstrap interval" in pairing.statement) == (count >= 6)
    assert "Median difference" in pairing.statement


def test_a_pair_with_a_diverged_trial_does_not_count_towards_the_interval() -> None:
    (pairing,) = pairings(both([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.5, 0.5, 0.5, 0.5, 0.5, None]))

    assert pairing.interval is None


def test_one_seed_makes_no_statement_about_certainty() -> None:
    comparison = ayla.Comparison.of("job", both([1.0], [0.5]))

    assert comparison.statements == ()
    assert "says nothing" in comparison.pairings[0].statement


def test_a_diverged_trial_loses_and_two_of_them_tie() -> None:
    (pairing,) = pairings(both([1.0, None, None], [None, 1.0, None]))

    assert (pairing.won, pairing.lost, pairing.tied) == (1, 1, 1)
    assert pairing.median_difference is None
    assert pairing.interval is None


def test_only_the_same_settings_are_a_base() -> None:
    trials = [trial(0, ADAM, 0, 1.0), trial(1, OTHER_RATE, 0, 0.5)]

    assert pairings(trials) == ()


def test_only_equal_seeds_are_paired() -> None:
    trials = [trial(0, ADAM, 0, 1.0), trial(0, ADAM, 1, 1.0), trial(1, AYLA_ADAM, 1, 0.5), trial(1, AYLA_ADAM, 2, 0.1)]
    (pairing,) = pairings(trials)

    assert pairing.seeds == 1


@given(st.lists(st.tuples(losses, losses), min_size=1, max_size=12))
def test_every_seed_is_won_lost_or_tied(pairs: list[tuple[float | None, float | None]]) -> None:
    (pairing,) = pairings(both([plain for plain, _ in pairs], [with_ayla for _, with_ayla in pairs]))
    (mirrored,) = pairings(both([with_ayla for _, with_ayla in pairs], [plain for plain, _ in pairs]))

    assert pairing.seeds == len(pairs)
    assert pairing.runs == (len(pairs) if len({*pairs}) > 1 or pairs[0] == (None, None) else 1)
    assert (pairing.won, pairing.lost, pairing.tied) == (mirrored.lost, mirrored.won, mirrored.tied)
    assert pairing.p_value == mirrored.p_value


def test_a_client_compares_a_finished_job() -> None:
    client = FakeService().client()
    job = client.jobs.wait(client.jobs.submit(problem=ayla.preset("poly-adam")))
    comparison = client.compare(job)

    assert [row.label for row in comparison.rows] == ["Adam lr=0.01", "AYLA-Adam lr=0.01 N1=1 N2=0.57"]
    assert comparison == client.compare(job.id)
    assert comparison.pairings[0].won == 1


def test_jobs_and_trials_show_themselves_in_a_notebook() -> None:
    client = FakeService(outcomes={"<b>": "failed"}).client()
    job = client.jobs.submit(problem=ayla.preset("poly-sgd"), name="<b>")
    with pytest.raises(ayla.JobFailed) as caught:
        client.jobs.wait(job)
    trial_html = client.jobs.trials(job)[0]._repr_html_()
    job_html = caught.value.job._repr_html_()

    assert "ran out of memory" in job_html
    assert "&lt;b&gt;" in job_html
    assert "<b>" not in job_html
    assert "SGD lr=0.03" in trial_html
    assert "2.00068" in trial_html


def test_a_comparison_of_mini_batches_says_so() -> None:
    trials = both([1.0, 2.0], [0.5, 0.7])
    assert "single mini-batch" in str(ayla.Comparison.of("job", trials, mini_batches=True))
    assert "single mini-batch" not in str(ayla.Comparison.of("job", trials))
