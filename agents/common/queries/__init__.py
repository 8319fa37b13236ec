"""Answers that write nothing: what an account would alert on, and whom it resembles."""
