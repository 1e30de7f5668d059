"""Routes of event streams, and events as they go over the wire."""
