"""Counts for reports: of opened alerts by person and day, and of everything in a period."""
