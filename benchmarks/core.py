"""What the engine is worth, side by side in one run: ratios against plain PyTorch, and the memory it takes.

    .venv/bin/python benchmarks/core.py                        # everything, some minutes; writes the results
    .venv/bin/python benchmarks/core.py --quick                # tiny sizes, under a minute; writes nothing
    .venv/bin/python benchmarks/core.py --only sweep,memory    # some sections, the others' results stay

Results go to ``benchmarks/results/core.json``, ``docs/benchmarks.md`` and ``docs/figures/``. The network sections use
MNIST where AYLA_DATASETS_DIR names a folder with ``mnist/``, else generated data of the same shape. Nothing else
should run on the machine. The sections beside JAX need the extra ``benchmark``.
"""

import sys
from collections.abc import Callable
from typing import Any

# Behind the standard library, one of whose modules a neighbour of this file is called like.
sys.path.append(sys.path.pop(0))

from measure import (  # the path
    beside_jax,
    convolutional,
    evaluation,
    memory,
    network,
    networks_beside_jax,
    recording,
    single,
    sweep,
    together,
)
from measure.command import Benchmark  # likewise

SECTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "sweep": ("A sweep of 10 000 trials", sweep.measure),
    "jax": ("Sweeps beside JAX", beside_jax.measure),
    "mnist": ("One run of a small network", network.measure),
    "jax-networks": ("The network beside JAX", networks_beside_jax.measure),
    "evaluation": ("Evaluating on whole parts", evaluation.measure),
    "trials": ("Runs of the network at once", together.measure),
    "cnn": ("Runs of a convolutional network at once", convolutional.measure),
    "single": ("A single short job", single.measure),
    "recording": ("Recording every step", recording.measure),
    "memory": ("Memory", memory.measure),
}

if __name__ == "__main__":
    Benchmark("benchmarks/core.py", "Measures the engine side by side with plain PyTorch.", SECTIONS).run(sys.argv[1:])
