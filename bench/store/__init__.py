"""The store at a million bans, beside what people would use instead."""
