"""Tests mirror the source: tests/<room>/test_<module>.py."""
