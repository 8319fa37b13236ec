"""What people decided beside verdicts: agreed answers, families, weights, and what they saw."""
