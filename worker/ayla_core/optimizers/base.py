"""What an update rule is.

To add an optimizer: its settings in ``ayla_spec.optimizers``, a rule here with a slow reference beside it, and one
line in ``registry``. The general rule of AYLA (AYLA.md section 3): a moving average with weight (1-β) of a
first-order quantity takes weight v(1-β), of a second-order quantity v²(1-β), with the matching bias correction; a
rule with no moving average takes v·∇l. Rules are given ``slope``, which is ∇l, or G/v where each sample is transformed.
"""

from typing import Protocol

from torch import Tensor


class UpdateRule(Protocol):
    """One optimizer for the trials that use it, each with hyper-parameters of its own.

    A rule computes element by element with + - * / and square roots only, so that a trial's numbers depend neither
    on its place in the batch nor on its neighbours.
    """

    def state(self) -> dict[str, Tensor]:
        """The live tensors of the optimizer's memory, by name. Writing into them restores it. Empty if it has none."""

    def prepare(self, first: int, count: int) -> None:
        """Compute on the host what updates number ``first`` to ``first + count - 1`` need; t counts from 1."""

    def update(self, parameters: Tensor, slope: Tensor, scale: Tensor, place: int) -> None:
        """Move the parameters by one step, in place.

        Args:
            parameters: shape [trials, parameters].
            slope: G/v, with G the transformed gradient; same shape, left as it is.
            scale: v, shape [trials, 1]; left as it is.
            place: which of the prepared updates this is, from 0.
        """

    def capped(self, scale: Tensor) -> Tensor:
        """Where an update with that scale has an averaging weight capped at 1; bool, shape of ``scale``.

        Args:
            scale: v, shape [steps, trials].
        """
