"""Every formula over lists of tensors does what it does with tensors, piece by piece and in place."""

from typing import Any

import pytest
import torch
from ayla_core.optimizers import every_rule, rule_of
from ayla_spec.optimizers import Ayla
from ayla_torch import AYLA, floats
from ayla_torch.batch import pieces
from ayla_torch.foreach import DeviceNumber, ForeachList, FunctionOfScale, Program, kernels
from ayla_torch.rules import Rule
from torch import Tensor

from tests.cases import each
from tests.core.optimizers.cases import SETTINGS

SHAPES = [(), (7,), (3, 50), (0,), (2, 3, 4)]
SCALES = [1.0, 0.6, 2.5, 40.0, 1e-12, 0.0]


def given(dtype: torch.dtype) -> Any:
    """Parameters, gradients with zeros among them, and a way to draw memories."""
    draw = torch.Generator().manual_seed(5)

    def drawn() -> list[Tensor]:
        return [torch.randn(shape, generator=draw, dtype=dtype) for shape in SHAPES]

    gradients = drawn()
    gradients[1][:3] = 0.0
    return drawn(), gradients, drawn


def memory_of(rule: Rule, drawn: Any, gradients: list[Tensor], *, fresh: bool) -> dict[str, list[Tensor]]:
    """Zeros, or what may have come of earlier updates: averages of squares are not negative."""
    if fresh:
        return {name: [torch.zeros_like(one) for one in gradients] for name in rule.memory}
    return {name: drawn() if name in ("m", "momentum_buffer") else [one**2 for one in drawn()] for name in rule.memory}


def numbers_of(rule: Rule, settings: Any, t: float) -> dict[str, float]:
    return {"lr": 0.01, "weight_decay": 0.1, **rule.numbers(settings), **rule.step_numbers(settings, t, floats)}


@each("on_host", [False, True])
@each("dtype", [torch.float64, torch.float32])
@each("name", SETTINGS)
def test_lists_and_tensors_agree(name: str, dtype: torch.dtype, on_host: bool) -> None:
    settings = SETTINGS[name].model_copy(update={"ayla": Ayla(n1=1.2, n2=1.2)})
    rule = rule_of(settings)
    # With weights cut to 1, s - a² of centered RMSProp is nothing but rounding.
    scales = SCALES if "centered" not in rule.name else SCALES[:3]
    for v in [v for v in scales if v > 0 or not on_host]:
        for t, fresh in ((1.0, True), (9.0, False)):
            x, u, drawn = given(dtype)
            memory = memory_of(rule, drawn, u, fresh=fresh)
            h = numbers_of(rule, settings, t)
            expected = [
                with_tensors(rule, x[i], u[i], v, {key: values[i] for key, values in memory.items()}, h)
                for i in range(len(SHAPES))
            ]
            before = [one.clone() for one in u]
            with_lists(rule, x, u, v, memory, h, on_host=on_host)
            for i, (moved, remembered) in enumerate(expected):
                rtol, atol = (1e-12, 1e-14) if dtype == torch.float64 else (5e-4, 1e-6)
                torch.testing.assert_close(x[i], moved, rtol=rtol, atol=atol, msg=f"{name}, v={v}")
                for key, value in remembered.items():
                    torch.testing.assert_close(memory[key][i], value, rtol=rtol, atol=atol)
            assert all(map(torch.equal, u, before))


def test_the_operations_of_accelerators_agree_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the CPU, as no other device may be there: few launches for many tensors."""
    for name in ("adam, other settings", "sgd, momentum", "nadam"):
        settings = SETTINGS[name]
        rule = rule_of(settings)
        found = []
        for apart in (False, True):
            monkeypatch.setattr(kernels, "is_apart", lambda number, apart=apart: apart)
            x, u, drawn = given(torch.float64)
            memory = memory_of(rule, drawn, u, fresh=False)
            with_lists(rule, x, u, 0.6, memory, numbers_of(rule, settings, 4.0))
            found.append([x, *memory.values()])
        for mine, theirs in zip(*found, strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-14)


def with_tensors(rule: Rule, x: Tensor, u: Tensor, v: float, memory: Any, h: Any) -> tuple[Tensor, dict[str, Tensor]]:
    numbers = {name: torch.tensor(value, dtype=x.dtype) for name, value in h.items()}
    moved, remembered = rule.update(x, u, torch.tensor(v, dtype=x.dtype), memory, numbers)
    return moved, dict(remembered)


def with_lists(
    rule: Rule, x: list[Tensor], u: list[Tensor], v: float, memory: Any, h: Any, *, on_host: bool = False
) -> None:
    program = Program(("x", "u", *rule.memory), "u", x[0].dtype)
    inputs = {name: program.input(name) for name in rule.memory}
    scale = DeviceNumber(scale_of(on_host) or torch.tensor(v, dtype=x[0].dtype), is_magnitude=True)
    after, remembered = rule.update(program.input("x"), program.input("u"), scale, inputs, h)
    program.finish({"x": after, **remembered})
    # Each result comes to lie where the next step looks for it.
    assert not program.copies, rule.name
    program.run(pieces([x, u, *memory.values()], 40), v)


def scale_of(on_host: bool) -> FunctionOfScale | None:
    """v itself, known when a program is run; None where it is a tensor."""
    return FunctionOfScale(lambda v: v) if on_host else None


def test_numbers_of_the_host_become_part_of_operations() -> None:
    """As many calls as the formula of torch.optim makes."""
    for name, count in (("rmsprop", 5), ("adagrad", 4), ("sgd, momentum", 3), ("sgd", 1)):
        rule = rule_of(SETTINGS[name])
        program = Program(("x", "u", *rule.memory), "u", torch.float32)
        memory = {name: program.input(name) for name in rule.memory}
        h = numbers_of(rule, SETTINGS[name], 3.0)
        after, remembered = rule.update(
            program.input("x"), program.input("u"), DeviceNumber(scale_of(True), is_magnitude=True), memory, h
        )
        program.finish({"x": after, **remembered})
        assert len(program.instructions) <= count, name


def test_every_rule_is_among_them() -> None:
    assert {rule_of(settings).name for settings in SETTINGS.values()} == {rule.name for rule in every_rule()}


def test_pieces_cut_long_tensors_and_put_short_ones_together() -> None:
    strided = torch.arange(200.0).view(10, 20).t()
    tensors = [torch.arange(95.0), torch.zeros(3), torch.zeros(4), strided, torch.zeros(30), torch.zeros(12)]
    found = [[one.numel() for one in piece[0]] for piece in pieces([tensors, tensors], 40)]
    assert found == [[32], [32], [31], [3, 4, 200], [30, 12]]
    for first, second in (piece for piece in pieces([tensors, tensors], 40)):
        assert [one.data_ptr() for one in first] == [one.data_ptr() for one in second]


def test_what_nobody_needs_is_left_out_and_what_is_needed_twice_is_made_once() -> None:
    program = Program(("x", "u"), "u", torch.float64)
    x, u = program.input("x"), program.input("u")
    (x + u).sqrt()
    square = u * u
    program.finish({"x": x - (square + 1.0) / (square + 1.0).sqrt()})
    called = [instruction.kernel for instruction in program.instructions]
    assert called == [kernels.multiply, kernels.shift, kernels.root, kernels.add_quotient]
    numbers = [torch.tensor([2.0], dtype=torch.float64)], [torch.tensor([3.0], dtype=torch.float64)]
    program.run([numbers])
    assert numbers[0][0].item() == pytest.approx(2.0 - 10.0 / 10.0**0.5)
    assert numbers[1][0].item() == 3.0


def test_a_result_that_lies_elsewhere_is_copied() -> None:
    program = Program(("x", "u"), "u", torch.float64)
    x, u = program.input("x"), program.input("u")
    program.finish({"x": u + x * 0.0})
    assert program.copies
    numbers = [torch.tensor([2.0], dtype=torch.float64)], [torch.tensor([3.0], dtype=torch.float64)]
    program.run([numbers])
    assert [one.item() for (one,) in numbers] == [3.0, 3.0]


@each("on_host", [False, True])
def test_products_and_quotients_of_every_kind(on_host: bool) -> None:
    """What no rule needs today does what it says as well."""
    draw = torch.Generator().manual_seed(2)
    a, b, c = (torch.rand(6, generator=draw, dtype=torch.float64) + 0.5 for _ in range(3))
    number = torch.tensor(1.7, dtype=torch.float64)

    def formulas(a: Any, b: Any, c: Any, v: Any) -> list[Any]:
        return [
            a * b / c * 2.0,
            v * (a / b) * c,
            a / (b * v),
            (a / b) / (c / b),
            3.0 / a * b,
            3.0 / a + b / c * v,
            (a * 2.0) * (b * v) + c * (a * v),
            (a * v + 1.0).sqrt() * 0.5 + v,
            (a - b * c).abs() - (b * v).maximum(c * 2.0),
            (a - b).sign() * v,
            b * v - a * 0.0,
            (a / b) * (1.0 / c),
        ]

    expected = formulas(a, b, c, number)
    for place, value in enumerate(expected):
        program = Program(("x", "u", "c"), "u", torch.float64)
        inputs = [program.input(name) for name in ("x", "u", "c")]
        made: ForeachList = formulas(inputs[0], inputs[1], inputs[2], DeviceNumber(scale_of(on_host) or number))[place]
        program.finish({"x": made})
        columns = [[one.clone()] for one in (a, b, c)]
        program.run([columns], number.item())
        torch.testing.assert_close(columns[0][0], value, rtol=1e-13, atol=0, msg=f"formula {place}")


@each("size", [1e25, 1e-25])
def test_a_scale_whose_square_is_beyond_the_type_does_what_the_formula_says(size: float) -> None:
    """v·u is moderate where v and u alone are not: n2 = 2 makes v = 2|l|, n1 = 2 likewise."""
    parameter = torch.nn.Parameter(torch.zeros(3))
    parameter.grad = torch.full((3,), 1.0 / size)
    optimizer = AYLA(torch.optim.Adagrad([parameter], lr=0.1), n1=2.0, n2=2.0)
    optimizer.step(torch.tensor(size))
    torch.testing.assert_close(parameter.detach(), torch.full((3,), -0.1))
