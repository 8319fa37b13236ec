"""Tests of `cli/offline`."""
