"""Compiles the kernels once for each machine and keeps the result."""

import functools
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from ayla_core.native.rules import TracedRule, trace
from ayla_core.native.source import library
from ayla_core.optimizers import every_rule

_FLAGS = (
    "-march=native", "-mprefer-vector-width=512", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math",
    "-fopenmp", "-shared", "-fPIC", "-std=gnu11", "-w",
)  # fmt: skip
_OPTIMIZATION = {
    # The last tenth of compile time matters here: it is what the first job of a machine waits for.
    "expressions": ("-O2", "-ftree-vectorize", "-fvect-cost-model=dynamic"),
    "networks": ("-O3",),
}
_SECONDS = 300

_log = logging.getLogger("ayla.core")


class NoKernels(RuntimeError):
    """There are no compiled kernels on this machine; the message says why."""


@functools.cache
def traced_rules() -> tuple[TracedRule, ...]:
    """Every rule as a program; its place is its number in the kernels."""
    return tuple(trace(rule) for rule in every_rule())


def cache_folder() -> Path:
    """Where compiled kernels are kept: AYLA_CACHE_DIR, or the user's cache folder."""
    named = os.environ.get("AYLA_CACHE_DIR")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ayla"


def compiled(kind: str, suffix: str) -> Path:
    """The shared library with the kernels of a kind and type, compiled now if this machine has none yet.

    Raises:
        NoKernels: without a C compiler, or if it fails.
    """
    compiler = shutil.which(os.environ.get("CC") or "cc") or shutil.which("gcc")
    if compiler is None:
        raise NoKernels("no C compiler was found (CC, cc or gcc)")
    source = library(kind, suffix, traced_rules())
    flags = (*_OPTIMIZATION[kind], *_FLAGS)
    target = cache_folder() / f"{kind}-{suffix}-{_fingerprint(compiler, source, flags)}.so"
    if not target.exists():
        _compile([compiler, *flags], source, target)
    return target


def _fingerprint(compiler: str, source: str, flags: Sequence[str]) -> str:
    """Changes with whatever changes the library: source, flags, compiler, processor, PyTorch."""
    version = _version(compiler)
    parts = [source, *flags, version, torch.__version__]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


@functools.cache
def _version(compiler: str) -> str:
    """What the compiler says of itself and of this processor."""
    return _run([compiler, "-march=native", "-E", "-v", "-x", "c", os.devnull]).stderr


def _compile(command: Sequence[str], source: str, target: Path) -> None:
    """Compile into the cache; several processes may do so at once."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            code, built = Path(folder) / "expressions.c", Path(folder) / "kernels.so"
            code.write_text(source, encoding="utf-8")
            done = _run([*command, str(code), "-o", str(built), "-lm"])
            if done.returncode:
                raise NoKernels(f"the C compiler failed: {done.stderr.strip()[:500]}")
            built.replace(target)
    except OSError as error:
        raise NoKernels(f"the kernels cannot be kept in {target.parent}: {error}") from error
    _log.info("kernels compiled: %s", target)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoKernels(f"the C compiler does not run: {error}") from error
