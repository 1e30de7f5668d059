"""Routes of figures, and their query parameters."""
