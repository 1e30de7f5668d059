"""Reproduction of the paper: its experiments run on a service, its claims checked against their results."""

from ayla.reproduce.claims import ClaimResult, Verdict
from ayla.reproduce.experiment import PRESETS, Experiment, Method, MethodRun
from ayla.reproduce.report import ReproductionReport
from ayla.reproduce.report_files import write_report
from ayla.reproduce.runner import Run, Watcher, reproduce

__all__ = [
    "PRESETS",
    "ClaimResult",
    "Experiment",
    "Method",
    "MethodRun",
    "ReproductionReport",
    "Run",
    "Verdict",
    "Watcher",
    "reproduce",
    "write_report",
]
