"""Fingerprints: what is kept of an account, as a record of bytes that no raw value can be read from."""
