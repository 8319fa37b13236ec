"""Whether readers and the mind are right: who reads what, and how often they err. Pure functions."""
