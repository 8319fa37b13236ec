"""Tests of `cli/commands/without_desk`."""
