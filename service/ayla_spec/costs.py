"""Estimated cost of a job's trials, from the spec alone, in seconds of one CPU core.

Rough, within a factor of some: it decides how trials are cut into shards and which shards are small, never what is
computed. Measured with the compiled kernels; PyTorch alone takes longer.
"""

from dataclasses import dataclass

from ayla_spec.arms import Problem, largest
from ayla_spec.evaluation import parts_of
from ayla_spec.jobspec import ResolvedJobSpec
from ayla_spec.limits import SECONDS_PER_SHARD
from ayla_spec.problems import DatasetProblem, ExpressionProblem
from ayla_spec.recording import Recording

_LANES = 64
"""Trials of an expression that are computed side by side: so many take as long as one."""
_TRIAL_SECONDS = 1e-5
"""Writing its summary."""
_TRAJECTORY_SECONDS = 0.0002
"""Writing its trajectory, beside the numbers of it."""
_NUMBER_SECONDS = 3.5e-7
_CHARACTER_SECONDS = 7e-9
_DRAW_SECONDS = 4.5e-7
"""One component of the noise of a step, side by side as well."""
_STEP_SECONDS = 2e-7
_RECORDED_NUMBER_SECONDS = 2e-8
_PASSES = 6
"""Multiplications and additions per weight and sample: forward and, twice that, backward."""
_FORWARD_PASSES = 2
"""Those of them that an evaluation needs."""
_FLOPS_PER_SECOND = 2.5e10
_UNKNOWN_SAMPLES = 100_000
"""A file's size only the worker sees; taken for large, so that it is never packed by mistake."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The estimate for one job.

    Attributes:
        lanes: how many trials are computed side by side, in the time of one.
        side_by_side: seconds of so many.
        each: seconds that every trial adds.
    """

    lanes: int
    side_by_side: float
    each: float

    def of(self, trials: int) -> float:
        """Seconds of that many trials in one shard, greater than 0."""
        return -(-trials // self.lanes) * self.side_by_side + trials * self.each

    def affordable(self, seconds: float = SECONDS_PER_SHARD) -> int:
        """Trials of a shard of at most ``seconds``; fewer than fit side by side would save nothing."""
        per_lane = self.side_by_side / self.lanes + self.each
        return max(self.lanes, int(seconds / per_lane))


def cost_of(spec: ResolvedJobSpec, problem: Problem | None = None) -> Cost:
    """The estimate for the trials of a job.

    Args:
        spec: the job.
        problem: that they minimize, without axes. Default: the job's, with each axis at its largest point.
    """
    problem = problem or largest(spec.problem)
    each = _TRIAL_SECONDS + _recording(spec, problem)
    if isinstance(problem, ExpressionProblem):
        return Cost(_LANES, spec.budget.steps * _expression_step(problem), each)
    return Cost(1, spec.budget.steps * _network_step(problem) + _evaluations(spec, problem), each)


def _recording(spec: ResolvedJobSpec, problem: Problem) -> float:
    """Seconds of a trial's trajectory, where trials keep theirs."""
    if spec.record.trajectories != "all":
        return 0.0
    recorded = Recording.of(problem, spec.budget.steps, spec.record).numbers
    return _TRAJECTORY_SECONDS + recorded * _RECORDED_NUMBER_SECONDS


def _expression_step(problem: ExpressionProblem) -> float:
    formula = max(_NUMBER_SECONDS * problem.parameters, _CHARACTER_SECONDS * len(problem.expression))
    return _STEP_SECONDS + formula + (0.0 if problem.noise is None else _DRAW_SECONDS * problem.parameters)


def _network_step(problem: DatasetProblem) -> float:
    samples = problem.batch_size or problem.dataset.training_samples or _UNKNOWN_SAMPLES
    return _STEP_SECONDS + samples * problem.parameters * _PASSES / _FLOPS_PER_SECOND


def _evaluations(spec: ResolvedJobSpec, problem: DatasetProblem) -> float:
    """Seconds of evaluating a trial's model on whole parts: some at every row of metrics, all at the last step."""
    training = problem.dataset.training_samples or _UNKNOWN_SAMPLES
    test = problem.dataset.test_samples
    samples = {"test": _UNKNOWN_SAMPLES if test is None else test, "full_train": training}
    rows = spec.budget.steps // (-(-training // (problem.batch_size or training)) * spec.record.metrics_every)
    evaluated = rows * sum(samples[part] for part in parts_of(problem, spec.record)) + sum(samples.values())
    return evaluated * problem.parameters * _FORWARD_PASSES / _FLOPS_PER_SECOND
