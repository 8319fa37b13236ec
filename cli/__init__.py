"""The command line ``samehand``: one module a command, each loaded when it is asked for.

:mod:`cli.registry` lists the commands, :mod:`cli.main` runs them and ends every fault in one line.
"""
