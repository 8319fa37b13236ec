"""Tests of the measurement of quality."""
