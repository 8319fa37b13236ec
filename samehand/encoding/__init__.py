"""Compact encodings of small values: a byte for a frequent word, six bits for a letter."""
