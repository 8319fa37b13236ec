"""Blocking: the keys by which a new account finds the banned accounts that it could resemble."""
