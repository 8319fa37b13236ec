"""Servers that only tests start: Redis Sentinel and Keycloak."""
