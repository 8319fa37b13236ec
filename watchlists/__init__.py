"""Readers of official lists, a format a file: bytes in, entries or faults with their address out."""
