"""Arms that are tuned on some seeds and compared on others: what is selected, on what is stated, and what is named."""

import itertools
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import pytest
from ayla_service.comparison.arms import arm_matches, arms_of
from ayla_service.comparison.equal_budgets import EvenDraws, EvenProblems, even_draws, over_even_problems
from ayla_service.comparison.pairs import Match
from ayla_service.comparison.protocol import Protocol
from ayla_service.comparison.qualifications import qualifications, weaknesses
from ayla_service.comparison.query import TOO_LONG, ComparisonQuery
from ayla_service.comparison.runs import ComparedProblem, ComparedSetting
from ayla_service.comparison.significance import sign_test
from ayla_service.comparison.tuned_arms import ProtocolOutcome, follow
from ayla_service.comparison.tuning import TunedArm, tuned_arm
from ayla_service.computing_time import ComputingTime
from ayla_spec.optimizers.effect import LossCounts

from tests.comparison.comparing import INF, problem, run, runs_of

Losses = Mapping[int, float]
"""Final losses by seed."""

SGD, AYLA = "SGD", "AYLA-SGD"
TUNING, CONFIRM = (0, 1, 2), (3, 4, 5)


def setting(
    label: str, losses: Losses, *, arm: str | None = None, counts: LossCounts | None = None, **changes: Any
) -> ComparedSetting:
    optimizer = {"name": "sgd", "learning_rate": 0.1, "ayla": None, "label": label} | changes
    runs = runs_of(run(loss, seed, loss_counts=counts) for seed, loss in losses.items())
    return ComparedSetting(label, optimizer, runs=runs, arms=[arm] if arm else [])


def of(*settings: ComparedSetting) -> ComparedProblem:
    made = problem({})
    made.settings = {one.label: one for one in settings}
    return made


def tuned(made: ComparedProblem, name: str) -> TunedArm:
    return tuned_arm(made, name, arms_of([made])[name], Protocol(TUNING, CONFIRM), "final_loss")


def followed(
    *problems: ComparedProblem,
    baseline: str | None = None,
    tuning: Sequence[int] = TUNING,
    confirm: Sequence[int] = CONFIRM,
) -> ProtocolOutcome:
    protocol = Protocol(tuple(tuning), tuple(confirm))
    return follow(protocol, problems, ComparisonQuery(baseline=baseline), ComputingTime(TOO_LONG))


def selected(arm: TunedArm) -> str | None:
    return None if arm.selected is None else arm.selected.setting.label


# A reference of a few lines: selection and statement, counted out anew.


def expected_selection(settings: Mapping[str, Losses], tuning: Sequence[int]) -> str | None:
    had = {label: [losses[seed] for seed in tuning if seed in losses] for label, losses in settings.items()}
    most = max(map(len, had.values()))
    if not most:
        return next(iter(settings)) if len(settings) == 1 else None
    best: tuple[float, str] | None = None
    for label, values in had.items():
        if len(values) == most and (best is None or statistics.median(values) < best[0]):
            best = statistics.median(values), label
    return None if best is None else best[1]


def expected_wins(ours: Losses, base: Losses, seeds: Sequence[int]) -> tuple[int, int, int]:
    both = [(ours[seed], base[seed]) for seed in seeds if seed in ours and seed in base]
    return sum(a < b for a, b in both), sum(a > b for a, b in both), sum(a == b for a, b in both)


def test_selection_and_statement_are_those_counted_out_anew() -> None:
    """Ties, diverged trials and missing seeds, over several problems; losses of one seed tell it from every other."""
    random = Random(14)
    picked_other_than_first = compared = 0
    for _ in range(300):
        settings = [{f"{arm} {place}": _losses(random) for place in range(random.randint(1, 5))} for arm in (SGD, AYLA)]
        problems = [of(*_both_arms(settings))]
        if random.random() < 0.5:
            others = [{label: _losses(random) for label in one} for one in settings]
            problems.append(of(*_both_arms(others)))
        outcome = followed(*problems)
        for made, found in zip(problems, outcome.problems, strict=True):
            losses = {
                label: dict(zip(one.runs.seeds.tolist(), one.runs.table["final_loss"].tolist(), strict=True))
                for label, one in made.settings.items()
            }
            picked = {}
            for arm in (SGD, AYLA):
                mine = {label: one for label, one in losses.items() if label.startswith(f"{arm} ")}
                picked[arm] = expected_selection(mine, TUNING)
                assert selected(found.arms[arm]) == picked[arm]
                picked_other_than_first += picked[arm] not in {None, next(iter(mine))}
            (test,) = found.tests
            ours, base = (losses.get(picked[arm] or "", {}) for arm in (AYLA, SGD))
            wins, lost, ties = expected_wins(ours, base, CONFIRM)
            assert (test.wins, test.losses, test.ties, test.count) == (wins, lost, ties, wins + lost + ties)
            if wins + lost + ties > 1:
                assert test.sign_p == sign_test(wins, lost)
                compared += 1
    assert (picked_other_than_first > 200, compared > 100) == (True, True)


def _losses(random: Random) -> dict[int, float]:
    """Losses of few values and a part of the seed far behind the comma, so that seeds are no copies."""
    seeds = [seed for seed in range(6) if random.random() < 0.85]
    return {seed: random.choice([1.0, 2.0, 3.0, INF]) + seed / 2**20 for seed in seeds}


def _both_arms(settings: Sequence[Mapping[str, Losses]]) -> list[ComparedSetting]:
    plain, ayla = settings
    rate = itertools.count(1)
    return [setting(label, losses, arm=SGD, learning_rate=next(rate)) for label, losses in plain.items()] + [
        setting(label, losses, arm=AYLA, learning_rate=1, ayla={"n1": 1.0, "n2": 1.0 + next(rate)})
        for label, losses in ayla.items()
    ]


def test_over_problems_medians_of_the_seeds_that_both_have_are_compared() -> None:
    problems = []
    for place in range(3):
        plain = [setting(f"p{n}", _on_all(2.0 + n + place), arm=SGD, learning_rate=n + 1) for n in range(2)]
        ayla = setting("a", _on_all(1.0 + 2 * place), arm=AYLA, learning_rate=1, ayla={"n1": 1.5})
        problems.append(of(*plain, ayla))
    (test,) = followed(*problems).tests
    assert (test.unit, test.wins, test.ties, test.losses) == ("problem", 1, 1, 1)


def _on_all(loss: float) -> dict[int, float]:
    return {seed: loss + seed / 1024 for seed in (*TUNING, *CONFIRM)}


def test_confirmation_seeds_select_nothing_and_tuning_seeds_state_nothing() -> None:
    """Each is turned around: what was better on the tuning seeds is worse on the others."""
    turned = [
        setting("low", {**dict.fromkeys(TUNING, 1.0), 3: 9.0, 4: 9.5, 5: 9.9}, arm=SGD),
        setting("high", {**dict.fromkeys(TUNING, 2.0), 3: 0.0, 4: 0.1, 5: 0.2}, arm=SGD),
        setting("other", {**dict.fromkeys(TUNING, 0.0), 3: 5.0, 4: 5.1, 5: 5.2}, arm="Adam"),
    ]
    outcome = followed(of(*turned), baseline=SGD)
    arm, (test,) = outcome.problems[0].arms[SGD], outcome.problems[0].tests
    assert selected(arm) == "low"
    assert [one.confirmed for one in arm.tried] == [9.5, 0.1]
    assert (test.match, test.wins, test.losses) == (Match("Adam", SGD, is_ayla=False), 3, 0)


def test_copies_are_one_try_and_share_a_rank() -> None:
    below = LossCounts(5, 0)
    made = of(
        setting("a", {0: 3.0, 1: 4.0}, arm=AYLA, counts=below, ayla={"n1": 1.2, "n2": 2.0}),
        setting("b", {0: 3.0, 1: 4.0}, arm=AYLA, counts=below, ayla={"n1": 1.2, "n2": 3.0}),
        setting("c", {0: 5.0, 1: 6.0}, arm=AYLA, counts=below, ayla={"n1": 1.4, "n2": 3.0}),
        setting("d", {0: 4.0, 1: 3.0}, arm=AYLA, counts=below, ayla={"n1": 1.6, "n2": 3.0}),
        setting("plain", {0: 3.0, 1: 4.0}, arm=SGD, counts=below),
    )
    arm = tuned(made, AYLA)
    assert [(one.copy_of, one.rank) for one in arm.tried] == [(None, 1), ("a", 1), (None, 3), (None, 1)]
    assert (arm.budget, selected(arm)) == (3, "a")
    # On other seeds they can differ: what is a copy is asked on the tuning seeds alone.
    same = [run(loss, seed, loss_counts=below) for seed, loss in enumerate([3.0, 4.0])]
    made.settings["b"].runs = runs_of([*same, run(1.0, 3, loss_counts=LossCounts(4, 1))])
    assert tuned(made, AYLA).budget == 3
    made.settings["b"].runs = runs_of([*same, run(1.0, 2, loss_counts=LossCounts(4, 1))])
    assert tuned(made, AYLA).tried[1].copy_of is None


def test_the_arm_with_ayla_is_compared_with_the_arm_that_it_is_built_on() -> None:
    plain = [setting(f"p{n}", {}, arm=SGD, learning_rate=n) for n in (1, 2)]
    other = [setting(f"m{n}", {}, arm="momentum", learning_rate=n, momentum=0.9) for n in (1, 2, 3)]
    ayla = [setting(f"a{n}", {}, arm="AYLA", learning_rate=n, momentum=0.9, ayla={"n1": 1.5}) for n in (3, 4)]
    # It is the arm with the most of its settings, though an earlier one has some too.
    later = [setting(f"l{n}", {}, arm="later", learning_rate=n) for n in (2, 3)]
    both = [setting(f"b{n}", {}, arm="both", learning_rate=n, ayla={"n1": 1.5}) for n in (2, 3)]
    assert arm_matches([of(*plain, *later, *both)], None) == [Match("both", "later", is_ayla=True)]
    # Of arms that have as many of its settings it is the first one, not that of its first setting.
    even = [setting(f"e{n}", {}, arm="even", learning_rate=n, ayla={"n1": 1.5}) for n in (3, 2)]
    third = setting("p3", {}, arm="third", learning_rate=3)
    assert arm_matches([of(*plain, third, *even)], None) == [Match("even", SGD, is_ayla=True)]
    alone = setting("alone", {}, learning_rate=2, ayla={"n1": 1.5})
    nothing = setting("nothing", {}, learning_rate=7, ayla={"n1": 1.5})
    found = arm_matches([of(*plain, *ayla, alone), of(*other, nothing)], None)
    assert found == [Match("AYLA", "momentum", is_ayla=True), Match("alone", SGD, is_ayla=True)]
    # Drawn settings have none in common: arms of one optimizer that differ in what is tuned in both.
    drawn = [setting(f"d{n}", {}, arm="drawn", learning_rate=n, ayla={"n1": n}) for n in (1.5, 2.5)]
    fixed = [setting(f"f{n}", {}, arm="fixed", learning_rate=9, ayla={"n1": n}) for n in (1.5, 2.5)]
    assert arm_matches([of(*other, *plain, *drawn, *fixed)], None) == [Match("drawn", SGD, is_ayla=True)]
    with_baseline = arm_matches([of(*plain, *ayla, alone), of(*other, nothing)], SGD)
    assert [(match.label, match.is_ayla) for match in with_baseline] == [
        ("AYLA", True), ("alone", True), ("AYLA", False), ("momentum", False), ("nothing", False),
    ]  # fmt: skip


def said(*settings: ComparedSetting, tuning: Sequence[int] = TUNING, confirm: Sequence[int] = CONFIRM) -> list[str]:
    """What is said of AYLA against SGD."""
    outcome = followed(of(*settings), tuning=tuning, confirm=confirm)
    arms = outcome.problems[0].arms
    return qualifications(Match(AYLA, SGD, is_ayla=True), [(arms[AYLA], arms[SGD])], outcome.protocol)


def grid(arm: str, count: int, losses: Losses | None = None) -> list[ComparedSetting]:
    ayla = {"n1": 1.5} if arm == AYLA else None
    default = _on_all(1.0)
    return [
        setting(f"{arm} {n}", default if losses is None else losses, arm=arm, learning_rate=n + 1, ayla=ayla)
        for n in range(count)
    ]


def test_a_fair_comparison_has_nothing_to_be_named() -> None:
    assert said(*grid(AYLA, 3), *grid(SGD, 3)) == []
    assert said(*grid(AYLA, 1), *grid(SGD, 1)) == []
    assert said(*grid(AYLA, 1), *grid(SGD, 1), tuning=(0, 3), confirm=(3, 4)) == [], "nothing is selected"


def test_unequal_budgets_and_untuned_arms_are_named() -> None:
    assert said(*grid(AYLA, 6), *grid(SGD, 3)) == ["unequal budgets (6 settings of AYLA-SGD, 3 of SGD)"]
    assert said(*grid(AYLA, 6), *grid(SGD, 1)) == ["AYLA-SGD tuned over 6 settings and SGD not tuned"]
    assert said(*grid(AYLA, 1), *grid(SGD, 4)) == ["SGD tuned over 4 settings and AYLA-SGD not tuned"]
    outcome = followed(*(of(*grid(AYLA, count), *grid(SGD, 2)) for count in (2, 3, 5)))
    pairs = [(one.arms[AYLA], one.arms[SGD]) for one in outcome.problems]
    assert qualifications(Match(AYLA, SGD, is_ayla=True), pairs, outcome.protocol) == [
        "unequal budgets (2 to 5 settings of AYLA-SGD, 2 of SGD)"
    ]


def test_selection_and_test_on_the_same_runs_are_named() -> None:
    arms = [*grid(AYLA, 2), *grid(SGD, 2)]
    assert said(*arms, tuning=(0, 1), confirm=(1, 2)) == ["selection and test on the same seeds (1)"]
    assert said(*arms, tuning=range(6), confirm=range(6)) == [
        "selection and test on the same seeds (0, 1, 2, 3, 4 and 5)"
    ]
    alike = dict.fromkeys(range(6), 1.0)
    repeats = "test runs that repeat those of the selection, as the seeds make no difference"
    assert said(*grid(AYLA, 2, alike), *grid(SGD, 2, alike)) == [repeats]


def test_what_is_missing_is_named_with_what_to_run() -> None:
    gaps = [
        *grid(AYLA, 2, {0: 1.0, 1: 2.0, 2: 3.0, 4: 1.0}),
        setting("SGD 0", {0: 1.0, 1: 2.0}, arm=SGD),
        setting("SGD 1", {0: 0.5, 4: 1.0}, arm=SGD),
    ]
    assert said(*gaps) == [
        "unequal budgets (2 settings of AYLA-SGD, 1 of SGD)",
        "confirmation seeds 3 and 5 of AYLA-SGD missing (to be run with 'AYLA-SGD 0')",
        "SGD tuned on 2 of 3 tuning seeds",
        "1 of 2 settings of SGD left out of the selection for lack of tuning seeds",
        "confirmation seeds 3, 4 and 5 of SGD missing (to be run with 'SGD 0')",
    ]


def test_an_arm_without_a_value_on_a_tuning_seed_selects_nothing() -> None:
    made = of(*grid(SGD, 2, {3: 1.0, 4: 2.0}))
    outcome = followed(made)
    arm = outcome.problems[0].arms[SGD]
    assert (arm.selected, arm.budget, arm.missing) == (None, 0, CONFIRM)
    assert weaknesses(arm, outcome.protocol) == ["no setting of SGD selected, as none has a value on a tuning seed"]
    (untuned,) = followed(of(*grid(SGD, 1, {3: 1.0, 4: 2.0}))).problems[0].arms.values()
    assert (selected(untuned), untuned.budget, untuned.missing) == ("SGD 0", 1, (5,))


def test_an_arm_of_which_all_diverged_takes_its_first_setting_and_says_so() -> None:
    arms = [*grid(AYLA, 2, dict.fromkeys(range(6), INF)), *grid(SGD, 2)]
    assert said(*arms) == ["no setting of AYLA-SGD finite on the tuning seeds"]
    (test,) = followed(of(*arms)).problems[0].tests
    assert (test.wins, test.losses) == (0, 3)


def test_equal_budgets_are_counted_over_all_draws() -> None:
    """Every subset of the larger arm's settings is tuned anew, and its selected one compared."""
    random = Random(3)
    seen: set[int | None] = set()
    for _ in range(100):
        larger, smaller = random.randint(2, 6), random.randint(1, 4)
        names = [f"{AYLA} {n}" for n in range(larger)], [f"{SGD} {n}" for n in range(smaller)]
        settings = [{name: _losses(random) for name in one} for one in names]
        (found,) = followed(of(*_both_arms((settings[1], settings[0])))).problems
        ours, base = found.arms[AYLA], found.arms[SGD]
        draws = even_draws(found.confirmation, ours, base)
        counts = Counter(_drawn_signs(settings, ours, base))
        if ours.budget == base.budget or None in (ours.selected, base.selected):
            assert draws is None
            continue
        assert draws is not None
        total = sum(counts.values())
        shares = [draws.better, draws.worse, draws.equal, draws.unknown]
        assert shares == pytest.approx([counts[sign] / total for sign in (1, -1, 0, None)])
        seen |= {draws.sign}
    assert seen == {1, -1, 0, None}


def _drawn_signs(settings: Sequence[Mapping[str, Losses]], ours: TunedArm, base: TunedArm) -> Iterator[int | None]:
    able = [
        [one.setting.label for one in arm.tried if one.can_be_selected or len(arm.tried) == 1] for arm in (ours, base)
    ]
    size = min(map(len, able))
    for drawn in itertools.product(*(itertools.combinations(one, size) for one in able)):
        picked = [
            each[label]
            for each, labels in zip(settings, drawn, strict=True)
            if (label := expected_selection({one: each[one] for one in labels}, TUNING))
        ]
        both = [(picked[0][seed], picked[1][seed]) for seed in CONFIRM if seed in picked[0] and seed in picked[1]]
        medians = [statistics.median(one) for one in zip(*both, strict=True)]
        yield (medians[0] < medians[1]) - (medians[0] > medians[1]) if both else None


def test_copies_are_drawn_as_one() -> None:
    """Of two different settings, one of which has a copy, each is the one that is drawn in half of the draws."""
    below = LossCounts(5, 0)
    ayla = [
        setting("a", _on_all(1.0), arm=AYLA, counts=below, ayla={"n1": 1.2, "n2": 2.0}),
        setting("b", _on_all(1.0), arm=AYLA, counts=below, ayla={"n1": 1.2, "n2": 3.0}),
        setting("c", _on_all(5.0), arm=AYLA, counts=below, ayla={"n1": 1.4, "n2": 3.0}),
    ]
    (found,) = followed(of(*ayla, setting("plain", _on_all(2.0), arm=SGD, counts=below))).problems
    assert even_draws(found.confirmation, found.arms[AYLA], found.arms[SGD]) == EvenDraws(1, 0.5, 0.5, 0.0, 0.0)


def test_problems_count_by_what_most_draws_say() -> None:
    draws = [
        EvenDraws(3, better, worse, 1 - better - worse - unknown, unknown)
        for better, worse, unknown in ((0.6, 0.4, 0), (0.2, 0.1, 0), (0.1, 0.9, 0), (0.5, 0.5, 0), (0.5, 0.2, 0.3))
    ]
    assert over_even_problems(draws) == EvenProblems([3] * 5, 2, 1, 1, 1, sign_test(2, 1))
    assert over_even_problems([]) is None
    one = over_even_problems(draws[:1])
    assert one is not None
    assert one.p_value is None
