"""Figures of verdicts, readers and periods, and the reports that are made of them."""
