"""What docs/sweeps.md says of its examples is what they came to, and its pictures are there."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = " ".join((ROOT / "docs" / "sweeps.md").read_text().split())
RESULTS = json.loads((ROOT / "benchmarks" / "results" / "sweep_examples.json").read_text())


def test_the_counts_of_cells_are_those_of_the_maps() -> None:
    sgd, adam = (RESULTS["polynomial"][name]["paper_start"] for name in ("sgd", "adam"))
    assert f"{sgd['reached']} of {sgd['cells']} settings come within 0.01" in PAGE
    assert f"{sgd['diverged']} diverge" in PAGE
    assert sgd["n2_at_which_all_reach"] == [1.4]
    assert f"{adam['reached']} of {adam['cells']} settings reach the minimum: those with N2 ≤ 0.6" in PAGE
    assert max(adam["n2_at_which_some_reach"]) == 0.6
    assert max(RESULTS["polynomial"]["adam"]["drawn_starts"]["n2_at_which_all_reach"]) == 0.65


def test_what_is_said_of_fresh_starts_and_seeds_is_so() -> None:
    sgd, adam = (RESULTS["polynomial"][name] for name in ("sgd", "adam"))
    assert sgd["fresh_starts"] == {"plain": "15 of 21", "as in the paper": "15 of 21", "best of the grid": "1 of 21"}
    assert adam["fresh_starts"] == {"plain": "18 of 21", "as in the paper": "21 of 21", "best of the grid": "21 of 21"}
    assert sgd["best_by_mean"] == {"n1": 0.7, "n2": 1.6}
    verdict = next(one for one in adam["verdicts"] if one["label"] == "as in the paper")
    assert (verdict["losses"], verdict["outcome"], round(verdict["p"], 3)) == (18, "worse", 0.003)
    curve = RESULTS["curve"]
    fresh = [curve["fresh"][label] for label in ("AYLA-Adam, best", "Adam, rate of the paper", "Adam, best")]
    told = re.search(r"N1 = 1.5 has a median of ([\d.]+), Adam at the same rate ([\d.]+), .*? (0\.0[\d]+): AYLA", PAGE)
    assert told is not None
    assert [float(number) for number in told.groups()] == [round(value, 4) for value in fresh]
    against = next(one for one in curve["verdicts"] if (one["label"], one["base"]) == ("AYLA-Adam, best", "Adam, best"))
    assert (against["wins"], against["outcome"], round(against["p"], 3)) == (15, "better", 0.041)


def test_what_is_said_of_the_optimizers_on_digits_is_so() -> None:
    verdicts = {one["base"]: one for one in RESULTS["digits"]["verdicts"]}
    assert len(verdicts) == 11
    worse = {name for name, one in verdicts.items() if one["outcome"] == "worse"}
    assert worse == {"rmsprop", "radam"}
    assert {one["outcome"] for name, one in verdicts.items() if name not in worse} == {"undecided"}
    assert (verdicts["rmsprop"]["losses"], verdicts["radam"]["losses"], verdicts["nadam"]["wins"]) == (19, 18, 13)
    assert max(one["wins"] for one in verdicts.values()) == 13


def test_every_picture_of_the_page_is_there() -> None:
    pictures = re.findall(r"\]\((figures/[\w-]+\.png)\)", PAGE)
    assert len(pictures) == 5
    for picture in pictures:
        assert (ROOT / "docs" / picture).read_bytes().startswith(b"\x89PNG")
