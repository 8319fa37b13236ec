"""How well mirrors are found and how few innocents accused, on simulated platforms with the truth beside."""
