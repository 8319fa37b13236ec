"""Tests of what machines speak with over HTTP."""
