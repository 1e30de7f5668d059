"""The argument of the kernel for expressions, field by field as ``expressions.c`` declares it."""

import ctypes
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy.typing as npt

from ayla_core.native.library import pointer

_FIELDS = """
    *code instructions slots *constants constant_count *inputs *slopes loss parameters
    blocks lanes *rules *sources *has_ayla *is_prepared
    *x *memory
    *n1 *n2 *max_scale *learning_rate *clip_norm *clip_value *weight_decay *numbers
    *clock clocks courses *course
    first_step updates evaluate_last every last_step keep_parameters
    *rows *farewell columns trials *used *first_trial
    *first_nonfinite *best_loss *best_step *capped_steps *final_loss *losses_below_one *losses_above_one
    *progress
"""


class Structure(ctypes.Structure):
    """A C structure of pointers (marked by *) and 64-bit integers that keeps the arrays it points to alive."""

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]], **numbers: int) -> "Any":
        """A structure with these arrays and numbers; every field has to be given or set later."""
        made = cls(**{name: pointer(array) for name, array in arrays.items()}, **numbers)
        made._arrays = arrays
        return made


def fields(names: str) -> list[tuple[str, Any]]:
    """The fields of a structure from their names, blanks between them; a leading * is a pointer."""
    return [(name.lstrip("*"), ctypes.c_void_p if name[0] == "*" else ctypes.c_int64) for name in names.split()]


class Batch(Structure):
    """``Batch`` of ``expressions.c``."""

    _fields_: ClassVar = fields(_FIELDS)
