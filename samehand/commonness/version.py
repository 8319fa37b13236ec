"""Which figures these are."""

COMMONNESS_VERSION = 3
"""Raised whenever any figure changes: scores made under another version do not compare."""
