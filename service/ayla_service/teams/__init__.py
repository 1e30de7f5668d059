"""Teams, their members, the members' API keys, and the limits of each."""
