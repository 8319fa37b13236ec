"""Map: what a table of mappings makes of a sample of somebody else's records."""

from desk.cli.commands.map.run import command

__all__ = ["command"]
