"""What every store is made of."""
