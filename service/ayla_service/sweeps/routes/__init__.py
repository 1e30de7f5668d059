"""Routes of answers about sweeps, of one job and of several."""
