"""The event generator: populations, networks, evaders and innocent look-alikes, from a seed.

It imports nothing of the mind it is used to judge: how an evader disguises an account is decided here without
knowing how the disguise will be looked for.
"""
