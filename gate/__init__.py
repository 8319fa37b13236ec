"""HTTP for machines: what a platform's own programs ask and report."""
