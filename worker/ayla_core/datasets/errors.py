"""Errors of a dataset. The messages are for the users of the service."""


class DatasetError(ValueError):
    """The data cannot be used as they are, and trying again will not help. The message names the fault and the fix."""


class DatasetUnavailable(DatasetError):
    """The data are not here and cannot be fetched. The message says which files are missing and where to put them."""
