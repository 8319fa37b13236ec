"""Fingerprints: what is kept of an account, as a record from which no raw personal value can be read."""
