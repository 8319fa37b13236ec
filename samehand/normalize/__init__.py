"""Folding and normal forms: one reading of every value by which accounts are compared. Pure and versioned."""
