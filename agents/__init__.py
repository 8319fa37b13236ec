"""What samehand does with each stream: one verb a file, each a plain async function over a batch.

``screen`` (accounts created or updated: whom do they resemble?), ``enrol`` (bans become fingerprints),
``lookback`` (a ban: who was remembered from before?), ``judge`` (verdicts), ``expunge`` (reinstated:
forgotten) and ``forget`` (deleted). None knows another; :mod:`agents.common.converters` translates between
what crosses the wire and what the mind knows, :mod:`agents.common.context` holds what all of them are given.
"""
