"""By what accounts and alerts are found, and which accounts are one family."""
