"""Streams of Server-Sent Events about jobs and teams, all fed by one poll of the store."""
