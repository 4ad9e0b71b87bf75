"""Many trainings, compared."""
