"""Scoring within a command, without a worker: fingerprints, weights, and which signals could not speak."""
