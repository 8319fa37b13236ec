"""Looks up candidates: postings of an account's keys, ranked by claims and moments."""
