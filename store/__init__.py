"""Where fingerprints and recent accounts live: caps, expiry and atomicity, and nothing of scoring.

:mod:`store.base` is the contract, :mod:`store.memory.store` its plainest fulfilment, :mod:`store.redis` the
one that workers share. What either answers is the same, and one contract suite holds both to it.
"""
