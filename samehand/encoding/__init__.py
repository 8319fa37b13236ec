"""How small values are packed into bytes, and equal ones kept once."""
