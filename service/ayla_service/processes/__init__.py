"""Processes of the service: what serves, supervises and starts them."""
