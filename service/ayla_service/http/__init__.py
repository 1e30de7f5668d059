"""What the routes of every subject share: who calls, how errors look, headers, paging, limits of requests."""
