"""The client as it is written: for asyncio. ``ayla._sync`` is generated from it (decision 0030)."""
