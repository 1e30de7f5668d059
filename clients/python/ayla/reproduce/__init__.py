"""The paper's experiments, run on a service and held against the paper's claims."""

from ayla.reproduce.experiment import PRESETS, Experiment, Role, Run
from ayla.reproduce.finding import Finding, Verdict
from ayla.reproduce.report import Report, write_report
from ayla.reproduce.running import reproduce

__all__ = ["PRESETS", "Experiment", "Finding", "Report", "Role", "Run", "Verdict", "reproduce", "write_report"]
