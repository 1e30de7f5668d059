"""Compiles the kernels once for each machine and keeps the result."""

import functools
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import torch

from ayla_core.native.cache import NoKernels, is_whole, keep, open_folder
from ayla_core.native.rules import TracedRule, trace
from ayla_core.native.source import library
from ayla_core.optimizers import every_rule
from ayla_core.progress import current, report_progress

_FLAGS = (
    "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math",
    "-fopenmp", "-shared", "-fPIC", "-std=gnu11", "-w",
)  # fmt: skip
_OPTIMIZATION = {
    # The last tenth of compile time matters here: it is what the first job of a machine waits for.
    "expressions": ("-O2", "-ftree-vectorize", "-fvect-cost-model=dynamic"),
    "networks": ("-O3",),
}
_WIDE = ("-mprefer-vector-width=512",) if platform.machine() in ("x86_64", "AMD64") else ()
_SECONDS = 300
_LOOK_SECONDS = 0.5

# All that the compiler inherits: a worker's variables hold the password of the store.
_INHERITED = frozenset({
    "PATH", "HOME", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH", "GCC_EXEC_PREFIX", "SDKROOT", "DEVELOPER_DIR",
    "MACOSX_DEPLOYMENT_TARGET",
})  # fmt: skip
_INHERITED_PREFIXES = ("CCACHE_", "NIX_")

_log = logging.getLogger("ayla.core")


@functools.cache
def traced_rules() -> tuple[TracedRule, ...]:
    """Every rule as a program; its place is its number in the kernels."""
    return tuple(trace(rule) for rule in every_rule())


def cache_folder() -> Path:
    """Folder of compiled kernels: AYLA_CACHE_DIR, or the user's cache folder.

    Raises:
        NoKernels: for a user without a home folder.
    """
    named = os.environ.get("AYLA_CACHE_DIR")
    try:
        folder = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ayla"
        return folder.absolute()
    except (OSError, RuntimeError) as error:
        raise NoKernels(f"there is no folder to keep them in; set AYLA_CACHE_DIR ({error})") from error


def compiled(kind: str, suffix: str) -> Path:
    """The shared library with the kernels of a kind and type, compiled now if this machine has none yet.

    Raises:
        NoKernels: without a C compiler, if it fails, or if what it makes cannot be kept.
    """
    compiler = shutil.which(os.environ.get("CC") or "cc") or shutil.which("gcc")
    if compiler is None:
        raise NoKernels("no C compiler was found (CC, cc or gcc)")
    source = library(kind, suffix, traced_rules())
    flags = (*_OPTIMIZATION[kind], *_WIDE, *_FLAGS)
    target = cache_folder() / f"{kind}-{suffix}-{_fingerprint(compiler, source, flags)}.so"
    try:
        open_folder(target.parent)
        if not is_whole(target):
            current().activity = "Compiling the kernels"
            _compile([compiler, *flags], source, target)
    except OSError as error:
        raise NoKernels(f"the kernels cannot be kept in {target.parent}: {error}") from error
    return target


def _fingerprint(compiler: str, source: str, flags: Sequence[str]) -> str:
    """Changes with whatever changes the library: source, flags, compiler, processor, PyTorch."""
    version = _version(compiler)
    parts = [source, *flags, version, torch.__version__]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


@functools.cache
def _version(compiler: str) -> str:
    """Description of the compiler and of this processor, by the compiler itself."""
    return _run([compiler, "-march=native", "-E", "-v", "-x", "c", os.devnull]).stderr


def _compile(command: Sequence[str], source: str, target: Path) -> None:
    """Compile into the cache; several processes may do so at once."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        code, built = Path(folder) / "kernels.c", Path(folder) / "kernels.so"
        code.write_text(source, encoding="utf-8")
        done = _run([*command, str(code), "-o", str(built), "-lm"])
        if done.returncode:
            raise NoKernels(f"the C compiler failed: {done.stderr.strip()[:500]}")
        keep(built, target)
    _log.info("kernels compiled: %s", target)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run the compiler; as long as it computes, so does whoever waits for it."""
    pipe = subprocess.PIPE
    try:
        with subprocess.Popen(  # noqa: S603  # the compiler that this user has chosen
            command, env=_environment(), text=True, stdout=pipe, stderr=pipe
        ) as process:
            try:
                output, errors = _ended(process)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(command, process.returncode, output, errors)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoKernels(f"the C compiler does not run: {error}") from error


def _environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    }


def _ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Output of a process, once it has ended.

    Raises:
        subprocess.TimeoutExpired: if that takes too long.
    """
    deadline, used = time.monotonic() + _SECONDS, 0.0
    while True:
        try:
            return process.communicate(timeout=_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                raise
        before, used = used, _seconds_used(process.pid)
        if used != before:
            report_progress()


def _seconds_used(pid: int) -> float:
    """Computing time of a process and those that it has started, as far as they are still there."""
    seconds = 0.0
    with suppress(psutil.Error):
        whole = psutil.Process(pid)
        for each in (whole, *whole.children(recursive=True)):
            with suppress(psutil.Error):
                seconds += sum(each.cpu_times()[:2])
    return seconds
