"""A store rebuilt from ``accounts.banned``, held against the one that it replaces."""
