"""`python -m nodelens` is the command `nodelens`."""

from nodelens.entry import main

main()
