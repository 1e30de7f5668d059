"""Previews of jobs: what a list of them shows of their results."""
