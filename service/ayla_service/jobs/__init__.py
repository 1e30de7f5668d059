"""Jobs: submission, reading, lists, changes and removal."""
