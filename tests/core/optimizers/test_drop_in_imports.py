"""AYLA in a training loop of one's own needs PyTorch, NumPy and the contract, as docs/drop-in.md says."""

import subprocess
import sys

import ayla_core

# What the engine, the worker, the service and the client need beside them; PyTorch itself looks for some others.
REFUSED = (
    "pyarrow sklearn httpx2 stamina orjson sqlalchemy fastapi starlette uvicorn matplotlib "
    "ayla_data ayla_service ayla_worker ayla_migrations ayla"
)

PROGRAM = f"""
import sys

REFUSED = frozenset({REFUSED.split()!r})

import torch
from ayla_core import AYLA

x = torch.tensor([3.0], requires_grad=True)
optimizer = AYLA(torch.optim.Adam([x], lr=0.1), n1=1.5, n2=1.2)
loss = (x**2).sum()
loss.backward()
optimizer.step(loss)
assert x.item() < 3.0
assert not REFUSED & {{name.partition(".")[0] for name in sys.modules}}
"""


def test_the_drop_in_loads_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_there() -> None:
    for name in ayla_core.__all__:
        assert getattr(ayla_core, name).__name__ == name
    assert not hasattr(ayla_core, "NoSuchName")
