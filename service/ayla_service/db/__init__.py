"""The store: tables, sessions, migrations. Knows nothing of HTTP or of rules."""
