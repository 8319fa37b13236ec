"""Scoring: the weights and caps of evidence, the score of a pair, and an upper bound of the score."""
