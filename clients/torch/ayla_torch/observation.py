"""Who looks on when a step is made."""

from torch.autograd import profiler
from torch.optim import Optimizer
from torch.optim import optimizer as torch_optimizer


def is_observed(optimizer: Optimizer) -> bool:
    """Whether a profiler runs or a hook of steps is registered, of this optimizer or of all."""
    return bool(
        profiler._is_profiler_enabled
        or optimizer._optimizer_step_pre_hooks
        or optimizer._optimizer_step_post_hooks
        or torch_optimizer._global_optimizer_pre_hooks
        or torch_optimizer._global_optimizer_post_hooks
    )
