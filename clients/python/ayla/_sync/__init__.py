# Generated from ayla/_async/__init__.py by `make client`; changes belong there.
"""The client as it is written: for asyncio. ``ayla._sync`` is generated from it (decision 0030)."""
