"""Map: what a mapping file makes of a sample of another platform's records."""

from cli.commands.map.run import command

__all__ = ["command"]
