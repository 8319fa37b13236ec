"""What can go wrong with the desk's database."""

from __future__ import annotations


class DatabaseError(Exception):
    """The root of the family: the database cannot be used, in a sentence that says what to do."""


class DatabaseUnavailable(DatabaseError):
    """It does not answer now; nothing was written. Try again."""


class DatabaseFull(DatabaseUnavailable):
    """Its disk has no room; nothing was written."""


class DatabaseTaken(DatabaseError):
    """Another desk has the SQLite file open; PostgreSQL is what several desks share."""


class DatabaseOutdated(DatabaseError):
    """Its tables are of another version of samehand."""


class DatabaseRefused(DatabaseError):
    """What was asked for holds a value that no row can hold: a text with a NUL in it, a number beyond any."""
