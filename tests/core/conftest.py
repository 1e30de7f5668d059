"""The core is tested with one thread, so that two suites side by side do not fight over two cores."""

from collections.abc import Iterator

import pytest
from ayla_core.devices import set_threads
from ayla_core.native.library import SWITCH

set_threads(1)


@pytest.fixture(params=["kernels", "pytorch"])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every way of computing that this machine has, one after the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SWITCH, "1" if request.param == "kernels" else "0")
        yield request.param
