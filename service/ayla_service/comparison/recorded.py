"""What is recorded of the metric that problems are judged by, in words; nothing takes the place of what is not."""

from collections.abc import Iterator, Sequence

import numpy as np

from ayla_service.comparison.metrics import direction, in_words, is_to_target, why_not
from ayla_service.comparison.runs import ComparedProblem, Runs


def missing(problem: ComparedProblem, runs: Runs) -> int:
    """How many of these runs lack the metric that the problem is judged by."""
    if why_not(problem, problem.metric) is not None:
        return len(runs)
    return int(np.isnan(runs.values(problem.metric)).sum())


def _counts(problem: ComparedProblem) -> tuple[int, int]:
    """How many runs a problem has, and how many of them lack its metric."""
    every = [setting.runs for setting in problem.settings.values()]
    return sum(map(len, every)), sum(missing(problem, runs) for runs in every)


def not_recorded(problem: ComparedProblem) -> str | None:
    """Why nothing is judged by the problem's metric; None if some trial has it, or none has ended."""
    metric = in_words(problem.metric)
    if reason := why_not(problem, problem.metric):
        return f"The {metric} is not recorded: {reason}."
    runs, lacking = _counts(problem)
    if lacking < runs or not runs:
        return None
    where = f" for {in_words(problem.target_metric)}" if is_to_target(problem.metric) else ""
    return (
        f"The {metric}{where} is not recorded of any of these trials: they ran before it was, or recorded too little "
        "for it. Nothing takes its place."
    )


def notes_on_metrics(problems: Sequence[ComparedProblem]) -> Iterator[str]:
    """By what each problem is judged, where they differ, and what lacks it."""
    by_metric: dict[str, list[str]] = {}
    for problem in problems:
        by_metric.setdefault(f"{problem.metric} ({direction(problem.metric)})", []).append(problem.title)
    if len(by_metric) > 1:
        used = "; ".join(f"{metric} on {', '.join(titles)}" for metric, titles in by_metric.items())
        yield f"Each problem is judged by a metric of its own: {used}."
    for problem in problems:
        where = f"On {problem.title}: " if len(problems) > 1 else ""
        if why := not_recorded(problem):
            yield f"{where}{why}"
        elif lacking := _counts(problem)[1]:
            yield f"{where}Trials that lack the {in_words(problem.metric)}, and are in no median or pair: {lacking}."
