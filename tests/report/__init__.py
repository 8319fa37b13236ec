"""Tests of what is drawn for people."""
