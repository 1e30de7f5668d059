"""Routes of trials and of their results."""
