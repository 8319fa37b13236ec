"""Profiles of an alert's two accounts, asked of the platform while somebody looks, and never kept."""
