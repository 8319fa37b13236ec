"""Text in one form for comparison: folding, transliteration, consonant keys."""
