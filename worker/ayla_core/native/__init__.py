"""Compiled kernels for the CPU: the same formulas as everywhere, many steps in one call."""
