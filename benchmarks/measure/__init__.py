"""The measurements behind ``benchmarks/core.py``: one module for each section, and what they share."""
