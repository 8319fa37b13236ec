"""Tests of `desk/cli/commands`."""
