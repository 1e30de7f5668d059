"""Overview of the queue for its users: running and waiting work of a team, estimates, moves, workers."""
