"""The core is tested with one thread, as a worker runs it by default; more would fight over two cores."""

from ayla_core.devices import set_threads

set_threads(1)
