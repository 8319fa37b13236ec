"""Whether the audit is whole: its chain and its published heads."""
