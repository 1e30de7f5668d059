"""The references of the update rules; ``registry`` collects the ``IMPLEMENTATIONS`` of every module here."""
