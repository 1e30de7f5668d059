"""Who may do what: teams, their members, the members' API keys, and how much each may have at once."""
