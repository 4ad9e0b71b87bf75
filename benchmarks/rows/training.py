"""Training."""

ROWS = ()
