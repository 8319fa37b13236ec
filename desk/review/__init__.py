"""What may be decided, by whom, in which order, and what follows; and how often readers and the mind err.

Modules that take a connection run within the caller's transaction; the others know neither clock nor
database.
"""
