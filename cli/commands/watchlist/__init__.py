"""Watchlist: official lists in, who answers for an import, and what changed since the one before."""

from cli.commands.watchlist.run import command

__all__ = ["command"]
