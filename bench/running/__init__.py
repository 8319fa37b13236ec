"""Whole workers, measured from outside: their events, their servers, and what they are held against."""
