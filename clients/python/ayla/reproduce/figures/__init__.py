"""The paper's figures 1 to 10 drawn again from fetched trajectories, and one beyond them. Needs the extra ``plot``."""

from ayla.reproduce.figures.report_figures import report_figures

__all__ = ["report_figures"]
