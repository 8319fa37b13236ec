"""HTTP for machines: what a platform's own programs ask and tell, and alerts out as webhooks."""
