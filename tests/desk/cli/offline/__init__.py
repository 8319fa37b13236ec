"""Tests of `desk/cli/offline`."""
