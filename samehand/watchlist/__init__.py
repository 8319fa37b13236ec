"""Listed organisations: what an official list says of them, and which of their names tell anything.

An alias of a listed organisation is enrolled like a banned account of a platform of its own, so that names
and handles find it by the same keys and are weighed by the same commonness as any other. What is different
is what may follow: see :mod:`samehand.watchlist.platforms` and docs/adr/0010-watchlists.md.
"""
