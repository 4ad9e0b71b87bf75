"""`python -m letterlab` is `letterlab`."""

from letterlab.cli import main

if __name__ == "__main__":  # the processes of a study import this file too
    main()
