"""How many instructions an event costs: a figure that a busy machine does not move."""
