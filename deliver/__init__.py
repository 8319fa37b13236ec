"""Alerts and withdrawals to webhooks: `samehand deliver`."""
