"""Admin commands: the sub-commands of ``ayla-service`` for its operator, about teams, members, API keys and queues.

They work on the store, beside a running service or without one. Data goes to standard output, all else to standard
error.
"""
