"""The argument of the kernels for networks, field by field as ``layers.c`` declares it."""

from typing import ClassVar

from ayla_core.native.batch import Structure, fields

ACTIVATIONS = ("relu", "tanh", "gelu", "sigmoid")
"""In the order of the enumeration in ``layers.c``."""

LOSSES = ("mse", "cross-entropy", "mse-softmax", "huber")
"""In the order of the enumeration in ``layers.c``."""

_FIELDS = """
    trials layers *widths *offsets padded activation loss
    *inputs *labels *targets samples largest_batch *target_set *order *order_of *sizes
    *parameters *memory memories *loss_sum *correct_sum *seen
    *rules *sources *has_ayla *is_prepared *per_sample
    *n1 *n2 *max_scale *learning_rate *clip_norm *clip_value *weight_decay *numbers
    *clock clocks courses *course
    first_step updates evaluate_last every last_step
    *rows *farewell
    *first_nonfinite *best_loss *best_step *capped_steps *final_loss *losses_below_one *losses_above_one
    *gemm *set_threads threads
    *progress at_once
"""


class Network(Structure):
    """``Network`` of ``layers.c``."""

    _fields_: ClassVar = fields(_FIELDS)
