"""Hostile input: what an attacker may send within every limit, and what it may cost at most."""
