"""A team's queue for its users: what runs and waits, estimates of starts and ends, workers."""
