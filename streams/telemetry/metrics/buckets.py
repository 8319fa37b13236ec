"""Edges of buckets that metrics of more than one subject share."""

from __future__ import annotations

from typing import Final

FRESH_SECONDS: Final = 5.0
"""The objective: 99 % of events reach their outcome within this.

A bucket edge, so that it is counted exactly.
"""

AGE_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, FRESH_SECONDS, 10, 30, 60, 300, 3600)
