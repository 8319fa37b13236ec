"""Which figures these are."""

from typing import Final

COMMONNESS_VERSION: Final = 7
"""Raised whenever any figure changes: scores made under another version do not compare."""
