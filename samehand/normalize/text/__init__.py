"""Text brought to one form: folded, transliterated, spoken."""
