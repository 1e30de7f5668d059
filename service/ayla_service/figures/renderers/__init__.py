"""Renderers: each draws the figures of one or several kinds from plain data."""
