"""How common a value is: rates of values, and a prior for names that nobody has counted."""
