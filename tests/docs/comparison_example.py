"""Every number of the example on docs/comparison.md, computed anew from the trials with SciPy and by counting."""

import itertools
import re
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import ayla
from scipy import stats  # type: ignore[import-untyped]

PAGE = Path(__file__).parents[2] / "docs" / "comparison.md"

RATES = ("0.01", "0.03", "0.1", "0.3")
PLAIN = [f"Adam lr={rate}" for rate in RATES]
WITH_AYLA = [f"AYLA-Adam lr={rate} N1=1 N2=0.7" for rate in RATES]
TUNING, CONFIRMATION, FRESH = range(6), range(6, 18), range(18, 66)

_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_NUMBER = re.compile(r"(?<![\w.])([+\-−]?)(\d+(?:\.\d+)?)(?:e([+-]\d+)|×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?")

Losses = Mapping[str, Mapping[int, float]]
"""Final losses by label and seed."""


def shown_outputs() -> list[str]:
    """What the page shows of the example: three printed blocks, and the tables with their notes."""
    example = PAGE.read_text().partition("## A worked example")[2].partition("\n## ")[0].partition("\n```\n")[2]
    blocks = [
        block.rstrip("\n") for block in re.findall(r"(?:^(?:    .*)?\n)+", example, re.MULTILINE) if block.strip()
    ]
    tables = re.search(r"^\*\*Final loss.*?(?=\n\nSo AYLA)", example, re.MULTILINE | re.DOTALL)
    assert tables is not None
    return [*(re.sub(r"^    ", "", block, flags=re.MULTILINE).strip("\n") for block in blocks), tables[0]]


def numbers_of(text: str) -> Iterator[tuple[float, float]]:
    """Every number of a text outside of labels and problems, and half a unit of its last digit."""
    for name in sorted([*PLAIN, *WITH_AYLA, "(1 - x)**2 + 100*(y - x**2)**2"], key=len, reverse=True):
        text = text.replace(name, "")
    for sign, digits, exponent, power in _NUMBER.findall(text):
        scale = 10.0 ** int(exponent or power.translate(_SUPERSCRIPTS) or 0)
        value = float(digits) * scale * (-1 if sign in ("-", "−") else 1)
        yield value, scale * 10.0 ** -len(digits.partition(".")[2]) / 2


def require_numbers(text: str, expected: Sequence[float]) -> None:
    """The numbers of a text are these, in this order, to the last digit that is shown."""
    found = [*numbers_of(text)]
    assert len(found) == len(expected), ([value for value, _ in found], expected)
    for (value, half), wanted in zip(found, expected, strict=True):
        assert abs(value - wanted) <= half * (1 + 1e-6), (value, wanted)


def median_of(losses: Losses, label: str, seeds: Sequence[int]) -> float:
    return statistics.median(losses[label][seed] for seed in seeds)


def interval_of(values: Sequence[float]) -> tuple[float, float, float]:
    """Between two of the values, and its coverage by the binomial distribution."""
    ordered, count = sorted(values), len(values)
    rank = max(rank for rank in range(1, count) if 2 * stats.binom.cdf(rank - 1, count, 0.5) <= 0.05)
    return ordered[rank - 1], ordered[-rank], 1 - 2 * float(stats.binom.cdf(rank - 1, count, 0.5))


def paired(losses: Losses, label: str, base: str, seeds: Sequence[int]) -> tuple[int, float, list[float]]:
    """Pairs that were won, the p-value of the sign test, and the differences."""
    differences = [losses[label][seed] - losses[base][seed] for seed in seeds]
    wins = sum(difference < 0 for difference in differences)
    return wins, float(stats.binomtest(wins, len(seeds)).pvalue), differences


def verdict_of(found: tuple[int, float, list[float]], *corrected: float) -> list[float]:
    wins, p_value, differences = found
    low, high, coverage = interval_of(differences)
    middle = statistics.median(differences)
    return [
        max(wins, len(differences) - wins),
        len(differences),
        p_value,
        *corrected,
        middle,
        100 * coverage,
        low,
        high,
    ]


def setting_by_setting(losses: Losses, best: Losses) -> list[float]:
    """The table of all settings and the verdicts below it, corrected by Holm."""
    expected: list[float] = []
    for label in (*PLAIN, *WITH_AYLA):
        values = [losses[label][seed] for seed in range(18)]
        expected += [18, statistics.median(values), min(values), min(best[label].values()), 0]
    found = [paired(losses, *pair, range(18)) for pair in zip(WITH_AYLA, PLAIN, strict=True)]
    p_values = [p_value for _, p_value, _ in found]
    for one in found:
        smaller = [p_value for p_value in sorted(p_values) if p_value <= one[1]]
        corrected = max((4 - place) * p_value for place, p_value in enumerate(sorted(p_values)[: len(smaller)]))
        expected += verdict_of(one, min(1.0, corrected), 4)
    return expected


def selected(losses: Losses, labels: Sequence[str]) -> str:
    return min(labels, key=lambda label: median_of(losses, label, TUNING))


def tuned_arms(losses: Losses) -> list[float]:
    """The tables of the arms: what was selected, the expected best of k, the best by learning rate; the verdict."""
    plain, with_ayla = (selected(losses, labels) for labels in (PLAIN, WITH_AYLA))
    expected: list[float] = [200]
    for label in (plain, with_ayla):
        expected += [4, 0, 0, median_of(losses, label, TUNING), median_of(losses, label, CONFIRMATION), 12]
    for k in range(1, 5):
        expected.append(k)
        for labels in (PLAIN, WITH_AYLA):
            values = [median_of(losses, label, TUNING) for label in labels]
            found = [min(some) for some in itertools.combinations(values, k)]
            expected += [statistics.fmean(found), *([min(found), max(found)] if k < 4 else [])]
    for rate, *labels in zip(RATES, PLAIN, WITH_AYLA, strict=True):
        expected += [float(rate), *(median_of(losses, label, TUNING) for label in labels)]
    return [*expected, *verdict_of(paired(losses, with_ayla, plain, CONFIRMATION))]


def fresh_seeds(losses: Losses) -> list[float]:
    """The verdict on the fresh seeds, of the settings that were selected before."""
    return verdict_of(paired(losses, selected(losses, WITH_AYLA), selected(losses, PLAIN), FRESH))


def tables(losses: Losses) -> list[float]:
    """The tables for a paper, with their notes."""
    expected: list[float] = []
    for labels in (PLAIN, WITH_AYLA):
        values = [losses[selected(losses, labels)][seed] for seed in FRESH]
        low, high, coverage = interval_of(values)
        expected += [4, statistics.median(values), low, high, 100 * coverage, min(values), 48, 0]
    said = fresh_seeds(losses)
    wins, count, p_value, middle, coverage, low, high = said
    return [
        *(*expected, 95, *TUNING, *FRESH[:5], len(FRESH) - 5),
        *(wins, count - wins, 0, middle, low, high, coverage, p_value, 0.05),
        *said,
    ]


def losses_of(client: ayla.Client, jobs: Sequence[ayla.Job], value: Callable[[ayla.Trial], float | None]) -> Losses:
    found: dict[str, dict[int, float]] = {}
    for job in jobs:
        for trial in client.jobs.trials(job):
            loss = value(trial)
            assert loss is not None
            found.setdefault(trial.label, {})[trial.seed] = loss
    return found


def claims(losses: Losses) -> list[str]:
    """What the text between the blocks says in numbers."""
    plain, with_ayla = (selected(losses, labels) for labels in (PLAIN, WITH_AYLA))
    confirmed = [median_of(losses, label, CONFIRMATION) for label in (plain, with_ayla)]
    tuning = median_of(losses, plain, TUNING)
    wins, p_value, differences = paired(losses, with_ayla, plain, CONFIRMATION)
    fresh_wins, _, fresh_differences = paired(losses, with_ayla, plain, FRESH)
    widths = [high - low for low, high, _ in map(interval_of, (differences, fresh_differences))]
    narrower = f"an interval of the median difference that is {widths[0] / widths[1]:.1f} times as narrow"
    return [
        f"are {confirmed[0]:.6g} and {confirmed[1]:.6g}, and differ by a factor of {confirmed[0] / confirmed[1]:.0f}.",
        f"the tuning seeds, {tuning:.6g}, is {confirmed[0] / tuning:.0f} times lower than the confirmed one",
        f"on {wins} of {len(differences)} seeds; a fair coin is as one-sided in {100 * p_value:.2g} % of cases",
        f"{fresh_wins} to {len(FRESH) - fresh_wins}: the same answer, and {narrower}",
    ]
