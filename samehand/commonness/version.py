"""Which figures these are."""

COMMONNESS_VERSION = 2
"""Raised whenever any figure changes: scores made under another version do not compare."""
