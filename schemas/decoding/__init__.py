"""From a message's bytes to what can be used of it: msgspec's errors, fields to repair, dates to settle."""
