"""The paper's figures 1 to 10 drawn anew from fetched trajectories, and one beyond them. Needs the extra ``plot``."""

from ayla.reproduce.figures.drawing import Drawing, draw, save

__all__ = ["Drawing", "draw", "save"]
