"""Webhooks: signed messages to the receivers of a team when its jobs end, sent until they are received."""
