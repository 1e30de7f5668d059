"""Whether the service lives and can do its work, and its metrics."""
