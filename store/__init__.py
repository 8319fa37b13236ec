"""Stores fingerprints and recent accounts: caps, expiry and atomic writes, no scoring.

:mod:`store.base` is the contract, :mod:`store.memory.store` the reference implementation, :mod:`store.redis`
the one that workers share. Both return the same results, and one contract suite tests both.
"""
