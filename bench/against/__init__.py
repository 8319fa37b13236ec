"""Another revision's worker beside today's, by turns in one run."""
