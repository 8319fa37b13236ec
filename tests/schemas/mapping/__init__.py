"""Tests of `schemas/mapping`."""
