"""Routes about teams, members and API keys."""
