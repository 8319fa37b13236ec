"""``python -m desk.cli``: the command line without its script, as child processes start it."""

from desk.cli.main import main

main()
