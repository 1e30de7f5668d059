"""The update rules, each with its reference; ``registry`` collects the ``IMPLEMENTATIONS`` of every module here."""
