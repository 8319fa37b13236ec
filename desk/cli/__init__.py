"""The command line ``samehand``: one file a command, each loaded when it is asked for.

:mod:`desk.cli.registry` lists the commands, :mod:`desk.cli.door` runs them and ends every fault in one line.
"""

from desk.cli.door import main

__all__ = ["main"]
