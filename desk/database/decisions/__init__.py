"""What people decided beside verdicts: agreed answers, families, quarantines, weights, and what they saw."""
