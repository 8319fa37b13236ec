"""Whether the audit is whole: its chain, its published heads, and gaps that somebody acknowledged."""
