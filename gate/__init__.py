"""HTTP for machines: alerts out as webhooks."""
