"""Telling the receivers of a team that its jobs have ended: who may be told, and how that is done reliably."""
