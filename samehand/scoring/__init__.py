"""From the keys that two accounts share to the most that their score can be."""
