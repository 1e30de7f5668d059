"""Processes of the service: their start, server and supervisor, and the one of a single command."""
