"""Listed organisations: what an official list says of them, and which of their names are distinctive.

An alias of a listed organisation is enrolled like a banned account, on a platform of its own, so that names
and handles find it by the same keys and have the same rates as with any other ban. What may follow differs:
see :mod:`samehand.watchlist.platforms` and docs/adr/0010-watchlists.md.
"""
