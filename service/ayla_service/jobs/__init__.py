"""Jobs and their trials as users see them: submit, read, list, cancel."""
