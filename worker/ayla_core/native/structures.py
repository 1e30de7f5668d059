"""The arguments of the compiled kernels, field by field as ``expressions.c`` and ``layers.c`` declare them."""

import ctypes
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy.typing as npt

from ayla_core.native.library import pointer

ACTIVATIONS = ("relu", "tanh", "gelu", "sigmoid")
"""In the order of the enumeration in ``layers.c``."""

LOSSES = ("mse", "cross-entropy", "mse-softmax", "huber")
"""In the order of the enumeration in ``layers.c``."""

_EXPRESSION_FIELDS = """
    *code instructions slots *constants constant_count *inputs *slopes loss parameters
    blocks lanes *rules *sources *has_ayla *is_prepared
    *x *memory *seeds *noise
    *n1 *n2 *max_scale *learning_rate *clip_norm *clip_value *weight_decay *numbers
    *step_numbers step_columns step_number_count *variant
    first_step updates evaluate_last every last_step keep_parameters
    *rows *diverged_rows columns trials *used *first_trial
    *first_nonfinite *best_loss *best_step *capped_steps *final_loss *losses_below_one *losses_above_one
    *progress
"""

_NETWORK_FIELDS = """
    trials layers *widths *offsets padded activation loss
    *inputs *labels *targets samples largest_batch *target_set *order *order_of *sizes
    *parameters *memory memories *loss_sum *correct_sum *seen
    *rules *sources *has_ayla *is_prepared *per_sample
    *n1 *n2 *max_scale *learning_rate *clip_norm *clip_value *weight_decay *numbers
    *step_numbers step_columns step_number_count *variant
    first_step updates evaluate_last every last_step
    *rows *diverged_rows
    *first_nonfinite *best_loss *best_step *capped_steps *final_loss *losses_below_one *losses_above_one
    *gemm *set_threads threads
    *progress at_once skips_zeros
"""


class Structure(ctypes.Structure):
    """A C structure of pointers (marked by *) and 64-bit integers that keeps the arrays it points to alive."""

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]], **numbers: int) -> "Any":
        """A structure with these arrays and numbers; every field has to be given or set later."""
        made = cls(**{name: pointer(array) for name, array in arrays.items()}, **numbers)
        made._arrays = arrays
        return made


def _fields(names: str) -> list[tuple[str, Any]]:
    """The fields of a structure from their names, blanks between them; a leading * is a pointer."""
    return [(name.lstrip("*"), ctypes.c_void_p if name[0] == "*" else ctypes.c_int64) for name in names.split()]


class ExpressionBatch(Structure):
    """``Batch`` of ``expressions.c``."""

    _fields_: ClassVar = _fields(_EXPRESSION_FIELDS)


class NetworkBatch(Structure):
    """``Network`` of ``layers.c``."""

    _fields_: ClassVar = _fields(_NETWORK_FIELDS)
