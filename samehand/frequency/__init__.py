"""How common a value is: rates by counts, and a prior for names that have no counts."""
