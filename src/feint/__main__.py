"""`python -m feint` is the command line."""

from feint.commands.cli import main

main()
