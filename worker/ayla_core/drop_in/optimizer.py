"""AYLA around an optimizer of torch.optim."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from ayla_spec.optimizers import Ayla
from torch import Tensor
from torch.optim import Optimizer

from ayla_core.drop_in.loss import LossTransform, ScaledLoss, as_tensor
from ayla_core.drop_in.rule_inputs import RuleInputs, on_device
from ayla_core.drop_in.saved_state import check_state, settings_of, with_working_types
from ayla_core.drop_in.translation import check_gradients, check_group, check_optimizer, rule_settings_of
from ayla_core.drop_in.update import Update, make, working_type

Loss = Tensor | float
_SAVED = {"n1", "n2", "max_scale", "cap_weights"}


class AYLA(Optimizer):
    """An optimizer of torch.optim with AYLA on top (AYLA.md sections 1-3).

        opt = AYLA(torch.optim.Adam(model.parameters(), lr=1e-3), n1=1.5)
        ...
        loss.backward()
        opt.step(loss)

    The optimizer inside says what to do, by its class and its parameter groups, which both share; it makes no step and
    keeps no state. SGD, Adam, AdamW, NAdam, RAdam, RMSprop, Adagrad, Adadelta and Adamax are supported. With both
    exponents 1 the steps are those of the optimizer inside.

    Args:
        optimizer: one that has made no step yet.
        n1: exponent where |loss| < 1, above 0.
        n2: exponent where |loss| > 1, above 0.
        max_scale: upper bound of the scale v = n·|loss|^(n-1), below 1 also where v is 1. None: none.
        cap_weights: keep the averaging weights, v(1-β1) and their like, at or below 1.

    Attributes:
        inner: the optimizer inside.
        scale: v of the last step, a tensor of shape []; None before the first.
        transformed_loss: sgn(l)·|l|^n of the last step, likewise.
        capped_steps: steps on which max_scale or the cap acted, an integer tensor of shape [].

    Raises:
        TypeError: for an optimizer of another class.
        ValueError: for an option that is not supported, or for one of the numbers above.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        n1: float = 1.0,
        n2: float = 1.0,
        max_scale: float | None = None,
        cap_weights: bool = True,  # noqa: FBT001, FBT002  # the constructors of torch.optim take theirs by place too
    ) -> None:
        check_optimizer(optimizer)
        self.inner = optimizer
        self.scale: Tensor | None = None
        self.transformed_loss: Tensor | None = None
        self.capped_steps = torch.zeros((), dtype=torch.int64)
        self._next_loss: Tensor | None = None
        self._follow(Ayla(n1=n1, n2=n2, max_scale=max_scale, cap_weights=cap_weights))
        super().__init__(optimizer.param_groups, optimizer.defaults)
        self.param_groups = optimizer.param_groups
        self._mark_groups()

    def _follow(self, ayla: Ayla) -> None:
        self._ayla = ayla
        self._transform = LossTransform(ayla)
        self._rule_inputs: dict[int, RuleInputs] = {}

    def _mark_groups(self) -> None:
        """Name the settings in every group: tools that keep nothing of a state but its groups ask the live ones too."""
        for group in self.param_groups:
            group["ayla"] = self._ayla.model_dump(include=_SAVED)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group to the ones of both optimizers, as in torch.optim.

        Raises:
            TypeError: for parameters that are no tensors; nothing is added then, and ``param_group`` is as it was.
            ValueError: for an option or a parameter that is not supported, a value that the optimizer's own constructor
                refuses, or a parameter of another group; likewise.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"a parameter group is a dict, not {type(param_group).__qualname__}")
        added = dict(param_group)
        super().add_param_group(added)
        del self.param_groups[-1]
        check_group(type(self.inner), added)
        self._check_numbers(added)
        param_group.update(added)
        self.param_groups.append(param_group)
        if self.param_groups is self.inner.param_groups:
            self._mark_groups()

    def _check_numbers(self, group: dict[str, Any]) -> None:
        """Make the numbers of a first step with a group.

        Raises:
            ValueError: where a value does not let it.
        """
        inputs = RuleInputs(rule_settings_of(type(self.inner), group), self._ayla)
        try:
            _numbers(inputs, group, torch.ones(()), 1, torch.float32, torch.device("cpu"))
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"no step can be made with this parameter group: {error}") from error

    def set_loss(self, loss: Loss) -> None:
        """Hand over the loss of the next step, where somebody else calls ``step`` and does not pass one on.

        That step takes it and forgets it; one that is given a loss, or a closure that returns one, takes that instead.

        Raises:
            TypeError, ValueError: as ``step`` does.
        """
        self._next_loss = as_tensor(loss).detach()

    @torch.no_grad()
    def step(  # type: ignore[override]  # takes the loss where torch.optim takes a closure
        self, loss: Loss | Callable[[], Loss] | None = None, closure: Callable[[], Loss] | None = None
    ) -> Loss | None:
        """Make one update.

        Without a loss, at learning rates of 0 and before the first update, memory is set up and nothing else done:
        tools that store optimizers call ``step`` like that to learn what there is to load.

        Args:
            loss: the loss that the gradients are of, before any scaling of it for mixed precision; or a closure.
                None: the one of ``set_loss``.
            closure: clears the gradients, computes the loss and its gradients, and returns it.

        Returns:
            What the closure returned.

        Raises:
            TypeError: without a loss.
            ValueError: for a loss that is not one number, a sparse gradient or an option that is not supported.
        """
        if callable(loss) and not isinstance(loss, Tensor):
            loss, closure = None, loss
        returned: Loss | None = None
        if closure is not None:
            with torch.enable_grad():
                loss = returned = closure()
        for update in self._updates(loss, rehearses=closure is None):
            make(update)
        return returned

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # PyTorch's
    def _updates(self, loss: object, *, rehearses: bool) -> list[Update]:
        """Count the step, and say what to do with each parameter. Not compiled: the numbers change in each step."""
        if loss is None:
            loss = self._next_loss
        self._next_loss = None
        rule_inputs = [self._inputs_of(place, group) for place, group in enumerate(self.param_groups)]
        if loss is None and rehearses and self._is_idle():
            self._set_up(rule_inputs)
            return []
        scaled = self._transform.apply(as_tensor(loss))
        for group in self.param_groups:
            check_gradients(group)
        # Nothing is counted before everything that may be refused is made.
        planned = [
            (inputs, update)
            for inputs, group in zip(rule_inputs, self.param_groups, strict=True)
            for update in self._planned(inputs, group, scaled.scale)
        ]
        updates = [update._replace(memory=self._remembered(inputs, update.parameter)) for inputs, update in planned]
        for update in updates:
            update.memory["step"] += 1
        self._book(scaled, rule_inputs)
        return updates

    def _is_idle(self) -> bool:
        """Whether a step could move nothing: there has been none, and every learning rate is 0."""
        return not self.state and all(float(group["lr"]) == 0 for group in self.param_groups)

    def _set_up(self, rule_inputs: list[RuleInputs]) -> None:
        for inputs, group in zip(rule_inputs, self.param_groups, strict=True):
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._remembered(inputs, parameter)

    def _inputs_of(self, place: int, group: dict[str, Any]) -> RuleInputs:
        """The rule of a group with its present hyper-parameters."""
        rule_settings = rule_settings_of(type(self.inner), group)
        inputs = self._rule_inputs.get(place)
        if inputs is None or inputs.rule_settings != rule_settings:
            inputs = self._rule_inputs[place] = RuleInputs(rule_settings, self._ayla)
        return inputs

    def _planned(self, inputs: RuleInputs, group: dict[str, Any], scale: Tensor) -> Iterator[Update]:
        """The updates of a group, without what is remembered."""
        with_gradient = [parameter for parameter in group["params"] if parameter.grad is not None]
        decays, decoupled = group["weight_decay"] != 0, bool(group.get("decoupled_weight_decay"))
        shared: dict[Any, tuple[Tensor, dict[str, Tensor]]] = {}
        for parameter in with_gradient:
            made = self.state[parameter]["step"] if parameter in self.state else 0
            key = (made + 1, working_type(parameter), parameter.device)
            if key not in shared:
                shared[key] = _numbers(inputs, group, scale, *key)
            yield Update(
                inputs.rule,
                parameter,
                parameter.grad,
                {},
                *shared[key],
                decays and not decoupled,
                decays and decoupled,
            )

    def _remembered(self, inputs: RuleInputs, parameter: Tensor) -> dict[str, Any]:
        """The state of a parameter, set up where there is none."""
        state: dict[str, Any] = self.state[parameter]
        state.setdefault("step", 0)
        for name in inputs.rule.memory:
            if name not in state:
                value = inputs.memory_before(name)
                state[name] = torch.full_like(parameter, value, dtype=working_type(parameter), requires_grad=False)
        return state

    def _book(self, scaled: ScaledLoss, rule_inputs: list[RuleInputs]) -> None:
        self.scale, self.transformed_loss = scaled.scale, scaled.transformed
        acted = scaled.limited
        if self._ayla.cap_weights:
            for inputs in rule_inputs:
                for weight in inputs.rule.weights(scaled.scale, inputs.fixed):
                    acted = acted | (weight > 1)
        self.capped_steps = self.capped_steps.to(acted.device, non_blocking=True) + acted
        # A scheduler that was made for the optimizer inside looks there whether steps are made.
        self.inner._opt_called = True  # type: ignore[attr-defined]

    def state_dict(self) -> dict[str, Any]:
        """As in torch.optim, with the settings of AYLA and the count of capped steps under "ayla", in groups too."""
        packed = super().state_dict()
        packed["ayla"] = self._ayla.model_dump(include=_SAVED) | {"capped_steps": self.capped_steps}
        for group in packed["param_groups"]:
            group["ayla"] = dict(packed["ayla"])
        return packed

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state, hyper-parameters included, as in torch.optim.

        Raises:
            ValueError: where it is of another optimizer; this one is unchanged then.
        """
        loaded: list[dict[str, Any]] = []

        def see(_: Optimizer, final: dict[str, Any]) -> None:
            check_state(type(self.inner), final, self._ayla)
            loaded.append(final)

        # The last hook before loading, so that it sees what the hooks of others made of the state.
        handle = self.register_load_state_dict_pre_hook(see)
        try:
            super().load_state_dict(state_dict)
        finally:
            handle.remove()
        with_working_types(self, loaded[0])
        self._take_over(settings_of(loaded[0]) or {})

    def _take_over(self, saved: dict[str, Any]) -> None:
        self.capped_steps = saved.get("capped_steps", self.capped_steps)
        self._follow(self._ayla.model_copy(update={name: saved[name] for name in _SAVED & saved.keys()}))
        self._mark_groups()

    def __getstate__(self) -> dict[str, Any]:
        own = ("inner", "scale", "transformed_loss", "capped_steps", "_ayla")
        return super().__getstate__() | {name: getattr(self, name) for name in own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._next_loss = None
        self._follow(self._ayla)
        # Loading makes new groups; they stay shared.
        self.inner.param_groups = self.param_groups

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={getattr(self._ayla, name)}" for name in ("n1", "n2", "max_scale", "cap_weights"))
        return f"AYLA ({settings}) on {self.inner!r}"


def _numbers(
    inputs: RuleInputs, group: dict[str, Any], scale: Tensor, t: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, dict[str, Tensor]]:
    """Scale and ``h`` of update t where a parameter lies."""
    numbers = inputs.numbers(t) | {"lr": group["lr"], "weight_decay": group["weight_decay"]}
    return scale.to(device, dtype, non_blocking=True), on_device(numbers, dtype, device)
