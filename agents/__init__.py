"""What samehand does with each stream: one verb a file, each a plain async function over a batch.

``screen`` looks accounts created or updated up among bans, ``enrol`` stores bans as fingerprints,
``lookback`` looks an enrolled ban up among remembered accounts, ``remember`` stores accounts that existed
before, ``judge`` applies verdicts, ``expunge`` removes the bans of reinstated accounts, ``forget`` removes
deleted accounts, and ``bridge`` maps foreign records to ours. No agent imports another;
:mod:`agents.common.distil` translates between wire records and what the mind compares,
:mod:`agents.common.context` holds what every agent is given.
"""
