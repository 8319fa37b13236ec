"""Folding and normal forms: the one form in which each value is compared. Pure and versioned."""
