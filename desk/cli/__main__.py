"""``python -m desk.cli``: the command line without its script, as child processes start it."""

from desk.cli.door import main

main()
