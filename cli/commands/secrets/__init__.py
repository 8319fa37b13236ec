"""Secrets: API keys of the gate, and the peppers that key personal values."""
