"""Tests of `schemas/decoding`."""
