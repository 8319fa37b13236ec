"""The mind: how two accounts resemble each other, as pure functions.

Nothing in here uses a clock, a network, a log, Kafka or Redis. Time, secrets and counted frequencies
come in as arguments, so that the same call gives the same answer in a worker, in a test and on paper.

The path of an account: an :class:`~samehand.account.Account` is distilled to a
:class:`~samehand.fingerprint.distil.Fingerprint`, its :mod:`blocking keys <samehand.blocking.spellings>` find
candidates, and :func:`samehand.scoring.score.score` sums the evidence of each pair to log-odds with a reason
a line.
"""
