"""Classic test functions of optimization, each as an expression with a start point and its known minimum.

To add one: a ``TestFunction`` in ``plane`` (few, named variables) or a call of ``any_dimension`` in ``spaces`` (a
vector x of any length); the tests check its minimum.
"""

from ayla_spec.functions.model import Interval, TestFunction
from ayla_spec.functions.plane import PLANE
from ayla_spec.functions.recognition import known_minimum
from ayla_spec.functions.spaces import SPACES

TEST_FUNCTIONS: tuple[TestFunction, ...] = (*PLANE, *SPACES)

__all__ = ["TEST_FUNCTIONS", "Interval", "TestFunction", "known_minimum"]
