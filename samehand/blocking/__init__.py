"""Blocking: the keys under which a new account finds the banned ones that it could resemble."""
