"""Norms that a plain sum of squares cannot hold, by every way of computing; the right values have 40 decimal digits."""

import math
from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest
import torch
from ayla_core import norms
from ayla_core.norms import SPANS, clipped, norm_of
from ayla_core.optimizers.reference import seen_gradient
from ayla_spec import ResolvedJobSpec
from ayla_spec.networks import NormalInitialization
from ayla_spec.optimizers import Sgd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.core.batches import job, run
from tests.core.optimizers.test_drop_in_training import NoWaiting

TYPES = {"float64": torch.float64, "float32": torch.float32}
DIGITS = {"float64": 1e-14, "float32": 1e-6}
EXACT = Context(prec=40, Emin=-10_000, Emax=10_000)


def exact_norm(vector: Sequence[float]) -> Decimal:
    with localcontext(EXACT):
        return sum((Decimal(u) ** 2 for u in vector), Decimal(0)).sqrt()


def exact_clipped(vector: Sequence[float], longest: float) -> list[float]:
    with localcontext(EXACT):
        factor = Decimal(longest) / (exact_norm(vector) + Decimal(norms.OFFSET))
        return [float(Decimal(u) * min(factor, Decimal(1))) for u in vector]


def in_type(vector: Sequence[float], dtype: torch.dtype) -> list[float]:
    values: list[float] = torch.tensor(vector, dtype=dtype).double().tolist()
    return values


@st.composite
def vectors(draw: st.DrawFn, lowest: int, highest: int) -> list[float]:
    """Components of one vector, near each other or of every size; powers of ten."""
    centre = draw(st.floats(lowest, highest))
    size = st.floats(max(lowest, centre - 3), min(highest, centre + 3)) | st.floats(lowest, highest)
    parts = draw(st.lists(st.tuples(st.sampled_from([-1.0, 0.0, 1.0]), size), min_size=1, max_size=6))
    return [sign * 10**power for sign, power in parts]


def check(vector: list[float], longest: float, name: str) -> None:
    dtype, digits = TYPES[name], DIGITS[name]
    vector, (longest,) = in_type(vector, dtype), in_type([longest], dtype)
    rows = torch.tensor([vector, [1.0] * len(vector)], dtype=dtype)
    limits, tiny = torch.finfo(dtype), torch.finfo(dtype).smallest_normal
    norm = norm_of(rows).whole.double().tolist()
    whole = float(min(exact_norm(vector), Decimal(math.inf)))
    assert norm[0] == pytest.approx(whole if whole < limits.max else math.inf, rel=digits, abs=tiny)
    shortened = clipped(rows, torch.tensor([[longest], [math.inf]], dtype=dtype)).double()
    assert shortened[0].tolist() == pytest.approx(
        exact_clipped(vector, longest), rel=digits, abs=1e-30 * longest + tiny
    )
    assert torch.equal(shortened[1], rows[1].double())


@settings(max_examples=120)
@given(vectors(-320, 308), st.floats(-5, 150))
@example([160.0, 160.0], 0.0)
@example([1.7e308, -1.7e308], 0.0)
@example([1.7e308, 1e20], -10.0)
def test_any_vector_in_float64(vector: list[float], power: float) -> None:
    check(vector, 10**power, "float64")
    reference = seen_gradient(Sgd(learning_rate=1.0, clip_norm=10**power), [0.0] * len(vector), vector)
    assert reference == pytest.approx(exact_clipped(vector, 10**power), rel=1e-13, abs=1e-30 * 10**power)


@settings(max_examples=120)
@given(vectors(-44, 38), st.floats(-5, 18))
@example([3e38, 3e38], -5.0)
@example([1e-44, 1e-44], 0.0)
def test_any_vector_in_float32(vector: list[float], power: float) -> None:
    check(vector, 10**power, "float32")


@pytest.mark.parametrize("name", TYPES)
def test_what_is_no_number_is_handed_on(name: str) -> None:
    dtype = TYPES[name]
    large = SPANS[dtype].large
    rows = torch.tensor(
        [[math.inf, large], [math.nan, large], [math.nan, 1.0], [-math.inf, 0.0], [0.0, 0.0]], dtype=dtype
    )
    norm = norm_of(rows)
    assert norm.whole.tolist() == pytest.approx([math.inf, math.nan, math.nan, math.inf, 0.0], nan_ok=True)
    assert norm.reduced is not None
    assert norm.reduced.tolist() == pytest.approx([math.inf, math.nan, math.nan, math.inf, 0.0], nan_ok=True)
    shortened = clipped(rows, torch.ones(5, 1, dtype=dtype)).tolist()
    assert shortened[0] == pytest.approx([math.nan, 0.0], nan_ok=True)
    assert shortened[1:3] == [pytest.approx([math.nan, math.nan], nan_ok=True)] * 2
    assert shortened[4] == [0.0, 0.0]


def test_without_looking_the_bits_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU the second sum is taken in any case, and nothing is waited for."""
    draw, watch = torch.Generator().manual_seed(1), NoWaiting()  # type: ignore[no-untyped-call]  # PyTorch's
    for dtype in TYPES.values():
        rows, longest = torch.randn(50, 7, generator=draw).to(dtype), torch.rand(50, 1, generator=draw).to(dtype) * 5
        looked = norm_of(rows).whole, clipped(rows, longest)
        with monkeypatch.context() as patch, watch:
            patch.setattr(norms, "_is_ordinary", lambda *_: False)
            blind = norm_of(rows).whole, clipped(rows, longest)
        assert all(map(torch.equal, looked, blind))
        with pytest.raises(AssertionError), watch:
            norm_of(rows)


PLANE: list[tuple[str, list[float], str, float | None]] = [
    ("1e160*sum(x)", [1e160, 1e160], "float64", 1.0),
    ("1e160*(x[0] - x[1])", [1e160, -1e160], "float64", None),
    ("1.5e308*(x[0] - x[1])", [1.5e308, -1.5e308], "float64", 1e-3),
    ("1e-170*sum(x)", [1e-170, 1e-170], "float64", None),
    ("5e-324*sum(x)", [5e-324, 5e-324], "float64", None),
    ("1e160*x[0]", [1e160], "float64", 1e-160),
    ("0*sum(x)", [0.0, 0.0], "float64", 1.0),
    ("1e25*(x[0] - x[1])", [1e25, -1e25], "float32", 1.0),
    ("3e38*(x[0] - x[1])", [3e38, -3e38], "float32", 1e-3),
    ("1e-25*sum(x)", [1e-25, 1e-25], "float32", None),
    ("1e30*(x[0] - 1)", [1e30], "float32", 1e-15),
]


@pytest.mark.usefixtures("way")
def test_expressions() -> None:
    """Norm, effective rate and step of SGD, clipped or at a rate that is small beside the norm."""
    for expression, slope, name, bound in PLANE:
        digits, limits = 10 * DIGITS[name], torch.finfo(TYPES[name])
        start = {"x": [1.0, 1.0, 1.0][: len(slope)]}
        norm = exact_norm(in_type(slope, TYPES[name]))
        rate = 0.5 if bound is not None else 1e-30
        sgd = {"name": "sgd", "learning_rate": rate, "clip_norm": bound}
        spec = job(
            {"type": "expression", "expression": expression, "start": start}, [sgd, sgd | {"ayla": {}}], 2, dtype=name
        )
        for columns in run(spec).trajectories.values():
            length = float(norm) if norm <= Decimal(limits.max) else math.inf
            assert columns["grad_norm"] == pytest.approx([length] * 3, rel=digits, abs=0), expression
            effective = float(norm * Decimal(rate))
            if effective < limits.max:
                assert columns["effective_lr"] == pytest.approx([effective] * 3, rel=digits, abs=limits.tiny), (
                    expression
                )
            moved = exact_clipped(slope, bound) if bound is not None else slope
            for place, u in enumerate(moved):
                trajectory = [1.0 - rate * u * step for step in range(3)]
                column = columns[f"param.x[{place}]"]
                assert column == pytest.approx(trajectory, rel=digits), expression


def network(std: float, name: str, bound: float | None, silent: bool) -> ResolvedJobSpec:
    """A network whose weights are that large, far from targets near 1 or, where it is silent, near targets of 0."""
    problem: dict[str, Any] = {
        "type": "dataset",
        "dataset": {"name": "curve", "samples": 4},
        "model": {"name": "mlp", "hidden": [1000]},
        "loss": "mse" if silent else "huber",
    }
    sgd = {"name": "sgd", "learning_rate": 1.0, "clip_norm": bound}
    spec = job(problem, [sgd, sgd | {"ayla": {}}], 3, dtype=name)
    dataset = spec.problem.dataset  # type: ignore[union-attr]
    if silent:
        dataset = dataset.model_copy(update={"noise": 0.0, "coefficients": [0.0]})
    model = spec.problem.model.model_copy(update={"initialization": NormalInitialization.model_construct(std=std)})  # type: ignore[union-attr]
    return spec.model_copy(update={"problem": spec.problem.model_copy(update={"dataset": dataset, "model": model})})


def trajectories(spec: ResolvedJobSpec) -> list[dict[str, Any]]:
    recorder = run(spec)
    assert {summary.outcome for summary in recorder.outcomes.values()} == {"completed"}
    return list(recorder.trajectories.values())


@pytest.mark.usefixtures("way")
def test_networks() -> None:
    """Far from their targets a network of ReLUs is the same at every size: what is too large is compared with less."""
    (moderate, _) = trajectories(network(8e52, "float64", 1e53, silent=False))
    assert moderate["grad_norm"][0] * 1e100 > SPANS[torch.float64].large
    for columns in trajectories(network(8e152, "float64", 1e153, silent=False)):
        assert columns["grad_norm"] == pytest.approx(moderate["grad_norm"] * 1e100, rel=1e-9)
        assert columns["effective_lr"] == pytest.approx(columns["grad_norm"], rel=1e-15)
        assert columns["loss"] == pytest.approx(moderate["loss"] * 1e200, rel=1e-9)
    (wide, _) = trajectories(network(1.2e18, "float64", 1e18, silent=False))
    assert wide["grad_norm"][0] > SPANS[torch.float32].large
    for columns in trajectories(network(1.2e18, "float32", 1e18, silent=False)):
        assert columns["grad_norm"] == pytest.approx(wide["grad_norm"], rel=1e-4)
        assert columns["loss"] == pytest.approx(wide["loss"], rel=1e-4)


@pytest.mark.usefixtures("way")
def test_networks_with_a_gradient_next_to_nothing() -> None:
    """The outputs, and with them the gradient of a squared error, go with the square of the weights."""
    (moderate, _) = trajectories(network(1e-60, "float64", None, silent=True))
    for columns in trajectories(network(1e-90, "float64", None, silent=True)):
        assert columns["grad_norm"][0] == pytest.approx(moderate["grad_norm"][0] * 1e-60, rel=1e-9)
    (wide, _) = trajectories(network(1e-12, "float64", None, silent=True))
    for columns in trajectories(network(1e-12, "float32", None, silent=True)):
        assert 0 < columns["grad_norm"][0] < SPANS[torch.float32].least
        assert columns["grad_norm"][0] == pytest.approx(wide["grad_norm"][0], rel=1e-5)


def test_the_numbers_of_a_type() -> None:
    for dtype, span in SPANS.items():
        least, large = (torch.tensor(value, dtype=dtype) for value in (span.least, span.large))
        assert least**2 == torch.finfo(dtype).smallest_normal
        assert large**2 == math.inf
        assert (large / 2) ** 2 * 3.99 < math.inf
        assert all(math.frexp(value)[0] == 0.5 for value in (span.least, span.large, span.shrink, span.grow))
