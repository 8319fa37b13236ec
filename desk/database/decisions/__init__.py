"""What people decided beside verdicts: agreed answers, families, quarantines, weights, and the evidence they saw."""
