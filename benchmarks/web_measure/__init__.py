"""Measurements of the dashboard, in Chromium against real processes."""
