"""Shared parts of all routes: authentication, problems, headers, paging, limits of requests."""
