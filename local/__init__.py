"""Embedded broker and Redis, and the demo that runs on them; for one machine, never for production."""
