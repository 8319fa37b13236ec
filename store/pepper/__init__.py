"""The secret that digests are keyed with, and its rotation."""
