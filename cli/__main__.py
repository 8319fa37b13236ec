"""``python -m cli``: the command line without its script, as child processes start it."""

from cli.main import main

main()
