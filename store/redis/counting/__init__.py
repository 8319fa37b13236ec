"""How often values were counted, in sketches that do not grow with them."""
