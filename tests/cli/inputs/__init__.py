"""Tests of `cli/inputs`."""
