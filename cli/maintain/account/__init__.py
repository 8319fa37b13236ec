"""Account: what is kept of one account, a copy of its own data, and its erasure."""

from cli.maintain.account.run import command

__all__ = ["command"]
