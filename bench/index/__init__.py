"""The blocking index, measured: populations of bans, postings in memory, schemes that compete."""
