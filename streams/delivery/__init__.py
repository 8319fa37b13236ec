"""Delivery: at least once, in order by key; an outage holds the partition and loses nothing."""
