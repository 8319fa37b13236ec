"""The version of the figures of the name prior."""

from typing import Final

COMMONNESS_VERSION: Final = 7
"""Raised whenever any figure changes: scores made under another version do not compare."""
