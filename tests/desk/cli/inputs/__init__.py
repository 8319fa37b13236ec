"""Tests of `desk/cli/inputs`."""
