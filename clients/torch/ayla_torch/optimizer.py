"""AYLA around an optimizer of torch.optim."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch._compile import _disable_dynamo
from torch.optim import Optimizer

from ayla_torch.batch import ParameterBatch, batches_of
from ayla_torch.loss import LossTransform, Ranks, ScaledLoss, as_tensor
from ayla_torch.observation import is_observed
from ayla_torch.rule_inputs import Kept, RuleInputs, as_tensors
from ayla_torch.saved_state import check_state, settings_of, with_working_types
from ayla_torch.settings import TransformSettings
from ayla_torch.translation import check_group, check_optimizer, check_processes, rule_settings_of
from ayla_torch.update import Update, make, working_type

Loss = Tensor | float

_APART = frozenset({"params", "lr", "initial_lr", "ayla"})
"""Entries of a parameter group that do not decide about its rule."""


class AYLA(Optimizer):
    """An optimizer of torch.optim with AYLA on top.

        opt = AYLA(torch.optim.Adam(model.parameters(), lr=1e-3), n1=1.5)
        ...
        loss.backward()
        opt.step(loss)

    The optimizer inside says what to do, by its class and its parameter groups, which both share; it makes no step and
    keeps no state. SGD, Adam, AdamW, NAdam, RAdam, RMSprop, Adagrad, Adadelta and Adamax are supported. With both
    exponents 1 the steps are those of the optimizer inside.

    Args:
        optimizer: one that has made no step yet.
        n1: exponent where |loss| < 1, above 0 and at most 100.
        n2: exponent where |loss| > 1, likewise.
        max_scale: upper bound of the scale v = n·|loss|^(n-1), below 1 also where v is 1. None: none.
        cap_weights: keep the averaging weights, v(1-β1) and their like, at or below 1.
        process_group: of ``torch.distributed``: the loss of a step is the mean of those of its ranks, all of which have
            to make the step. None: this process's own.

    Attributes:
        inner: the optimizer inside.
        scale: v of the last step, a tensor of shape []; None before the first.
        transformed_loss: sgn(l)·|l|^n of the last step, likewise.
        capped_steps: steps on which max_scale or the cap acted, an integer tensor of shape [].

    Raises:
        TypeError: for an optimizer of another class.
        ValueError: for an option that is not supported, for one of the numbers above, or where parameters are shared
            out over several processes and there is no ``process_group``.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        n1: float = 1.0,
        n2: float = 1.0,
        max_scale: float | None = None,
        cap_weights: bool = True,  # noqa: FBT001, FBT002  # the constructors of torch.optim take theirs by place too
        *,
        process_group: Any = None,
    ) -> None:
        check_optimizer(optimizer)
        self.inner = optimizer
        self.scale: Tensor | None = None
        self.capped_steps = torch.zeros((), dtype=torch.int64)
        self._scaled: ScaledLoss | None = None
        self._next_loss: Tensor | None = None
        self._ranks = None if process_group is None else Ranks(process_group)
        self._follow(TransformSettings(n1, n2, max_scale, cap_weights))
        super().__init__(optimizer.param_groups, optimizer.defaults)
        self.param_groups = optimizer.param_groups
        self._mark_groups()

    @property
    def transformed_loss(self) -> Tensor | None:
        """sgn(l)·|l|^n of the last step, a tensor of shape []; None before the first."""
        return None if self._scaled is None else self._scaled.loss * self._scaled.power

    def _follow(self, settings: TransformSettings) -> None:
        self._settings = settings
        self._transform = LossTransform(settings)
        self._rule_inputs: dict[int, tuple[dict[str, Any], RuleInputs]] = {}

    def _mark_groups(self) -> None:
        """Name the settings in every group: tools that keep nothing of a state but its groups ask the live ones too."""
        for group in self.param_groups:
            group["ayla"] = self._settings.saved()

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
        if self._ranks is None:
            check_processes(added)
        self._check_numbers(added)
        param_group.update(added)
        self.param_groups.append(param_group)
        if self.param_groups is self.inner.param_groups:
            self._mark_groups()

    def _check_numbers(self, group: dict[str, Any]) -> None:
        """Write the update of a first step with a group down.

        Raises:
            ValueError: where a value does not let it.
        """
        rule_settings = rule_settings_of(type(self.inner), group)
        try:
            inputs = RuleInputs(rule_settings, group, self._settings)
            ParameterBatch(inputs, group, 1, Kept(torch.float32, torch.device("cpu"))).program()
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"no step can be made with this parameter group: {error}") from error

    def set_loss(self, loss: Loss) -> None:
        """Hand over the loss of the next step, where somebody else calls ``step`` and does not pass one on.

        That step takes it and forgets it; one that is given a loss, or a closure that returns one, takes that instead.

        Raises:
            TypeError, ValueError: as ``step`` does.
        """
        self._next_loss = as_tensor(loss).detach()

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
        # PyTorch's way around a step, for its profiler and for hooks, takes as long as a tenth of a small step.
        if is_observed(self):
            return self._observed_step(loss, closure)
        return self._plain_step(loss, closure)

    # So that PyTorch does not put it around every step by itself.
    step.hooked = True  # type: ignore[attr-defined]

    @torch.no_grad()
    def _plain_step(self, loss: Loss | Callable[[], Loss] | None, closure: Callable[[], Loss] | None) -> Loss | None:
        if callable(loss) and not isinstance(loss, Tensor):
            loss, closure = None, loss
        returned: Loss | None = None
        if closure is not None:
            with torch.enable_grad():
                loss = returned = closure()
        if torch.compiler.is_compiling():
            for update in self._updates(loss, rehearses=closure is None):
                make(update)
        else:
            self._move(loss, rehearses=closure is None)
        return returned

    _observed_step = Optimizer.profile_hook_step(_plain_step)

    def _move(self, loss: object, *, rehearses: bool) -> None:
        """Make the step, over lists."""
        scaled, batches = self._planned(loss, rehearses=rehearses)
        programs = [batch.program() for batch in batches]
        self._book(scaled)
        for batch, program in zip(batches, programs, strict=True):
            batch.run(program, self._counted(batch))

    # Not torch.compiler.disable, which loads the whole compiler where it is written down.
    @_disable_dynamo
    def _updates(self, loss: object, *, rehearses: bool) -> list[Update]:
        """Count the step, and say what to do with each parameter. Not compiled: the numbers change in each step."""
        scaled, batches = self._planned(loss, rehearses=rehearses)
        planned = [(batch, as_tensors(batch.numbers, batch.scale.dtype, batch.scale.device)) for batch in batches]
        self._book(scaled)
        return [update for batch, numbers in planned for update in batch.updates(numbers, self._counted(batch))]

    def _planned(self, loss: object, *, rehearses: bool) -> tuple[ScaledLoss | None, list[ParameterBatch]]:
        """The scale of the step and what it moves; nothing is counted yet, as something may still be refused."""
        if loss is None:
            loss = self._next_loss
        self._next_loss = None
        rule_inputs = [self._inputs_of(place, group) for place, group in enumerate(self.param_groups)]
        if loss is None and rehearses and self._is_idle():
            self._set_up(rule_inputs)
            return None, []
        given = as_tensor(loss)
        if self._ranks is not None:
            given = self._ranks.mean(given, self._home())
        scaled = self._transform.apply(given)
        batches = [
            batch
            for inputs, group in zip(rule_inputs, self.param_groups, strict=True)
            for batch in batches_of(inputs, group, self.state, scaled.scale)
        ]
        return scaled, batches

    def _home(self) -> torch.device:
        """Where the first parameter lies."""
        parameters: Iterator[Tensor] = (one for group in self.param_groups for one in group["params"])
        return next(parameters).device

    def _counted(self, batch: ParameterBatch) -> list[dict[str, Any]]:
        """The states of a batch's parameters, with one more update."""
        memory, states = batch.inputs.rule.memory, batch.states
        for place, parameter in enumerate(batch.parameters):
            if "step" not in states[place] or any(name not in states[place] for name in memory):
                states[place] = self._remembered(batch.inputs, parameter)
            states[place]["step"] += 1
        return states

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
        options = dict(group)
        for name in _APART:
            options.pop(name, None)
        known = self._rule_inputs.get(place)
        if known is None or known[0] != options:
            known = self._rule_inputs[place] = (
                options,
                RuleInputs(rule_settings_of(type(self.inner), group), group, self._settings),
            )
        return known[1]

    def _remembered(self, inputs: RuleInputs, parameter: Tensor) -> dict[str, Any]:
        """The state of a parameter, set up where there is none."""
        state: dict[str, Any] = self.state[parameter]
        state.setdefault("step", 0)
        for name in inputs.rule.memory:
            if name not in state:
                value = inputs.memory_before(name)
                state[name] = torch.full_like(
                    parameter, value, dtype=working_type(parameter.dtype), requires_grad=False
                )
        return state

    def _book(self, scaled: ScaledLoss | None) -> None:
        """Keep the scale of a step that is made, and count it if a bound acted."""
        if scaled is None:
            return
        self.scale, self._scaled = scaled.scale, scaled
        acted = scaled.limited
        if self._settings.cap_weights:
            known: list[RuleInputs] = []
            for _, inputs in self._rule_inputs.values():
                if all(inputs.rule_settings != one.rule_settings for one in known):
                    known.append(inputs)
                    for weight in inputs.rule.weights(scaled.scale, inputs.fixed):
                        above = weight > 1
                        acted = above if acted is None else acted | above
        if acted is not None:
            self.capped_steps = self.capped_steps.to(acted.device, non_blocking=True) + acted
        # A scheduler that was made for the optimizer inside looks there whether steps are made.
        self.inner._opt_called = True  # type: ignore[attr-defined]

    def state_dict(self) -> dict[str, Any]:
        """As in torch.optim, with the settings of AYLA and the count of capped steps under "ayla", in groups too."""
        packed = super().state_dict()
        packed["ayla"] = self._settings.saved() | {"capped_steps": self.capped_steps}
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
            check_state(type(self.inner), final)
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
        own = self._settings.saved()
        self._follow(TransformSettings(**own | {name: saved[name] for name in own.keys() & saved.keys()}))
        self._mark_groups()

    def __getstate__(self) -> dict[str, Any]:
        own = ("inner", "scale", "capped_steps", "_scaled", "_ranks", "_settings")
        return super().__getstate__() | {name: getattr(self, name) for name in own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._next_loss = None
        self._follow(self._settings)
        # Loading makes new groups; they stay shared.
        self.inner.param_groups = self.param_groups

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self._settings.saved().items())
        return f"AYLA ({settings}) on {self.inner!r}"
