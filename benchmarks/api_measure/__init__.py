"""What the benchmark of the API is made of."""
