"""The worker: takes shards from the queue, runs them on the core and records what comes out."""
