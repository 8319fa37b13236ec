"""Watches a worker from a parent process, and keeps what is known of a worker that ended."""
