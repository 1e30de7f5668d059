"""How busy the machine was, which absolute times depend on."""

import os


def busy() -> str:
    """A sentence for the page: the load over the last minutes, the benchmark's own processes included."""
    _, five, _ = os.getloadavg()
    return f"Load of the machine at the end, over five minutes: {five:.1f} on {os.cpu_count()} cores."
