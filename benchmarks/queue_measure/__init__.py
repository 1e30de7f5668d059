"""The measurements behind ``benchmarks/queue.py``: one module for each section, and what they share."""
