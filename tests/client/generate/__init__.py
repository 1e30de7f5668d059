"""Writes the parts of the client that are generated: ``make client``. A test compares the committed ones with these."""
