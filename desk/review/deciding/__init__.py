"""Claim, decide, undo, skip, take back: each in the caller's transaction."""
