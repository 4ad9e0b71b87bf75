"""`python -m letterlab` is `letterlab`."""

from letterlab.cli import main

main()
