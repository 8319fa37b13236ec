"""Waves: new accounts that resemble each other within a day, with or without a ban."""
