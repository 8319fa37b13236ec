"""Formats and rules that all stores share."""
