"""Launchers of embedded servers: ready when they say so, gone when they should be."""
