"""What the benchmark of sweeps is made of."""
