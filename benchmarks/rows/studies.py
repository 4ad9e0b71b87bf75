"""A study of many small networks, each with settings of its own: the same 24 perceptrons for everybody.

The dearest row, for peers decode all letters again in each of 24 times 2 epochs; sized for a quarter of an hour in five
alternations on two quiet cores. `jobs/settings.py` says how many trials and epochs there are.
"""

from rows import Job, Row

NO_TALK = (("RAY_USAGE_STATS_ENABLED", "0"), ("RAY_AIR_NEW_OUTPUT", "0"))

ROWS = (
    Row(
        name="study",
        what="a study of 24 perceptrons on 11,700 letters, 2 epochs each",
        least=6,
        ours=Job("letterlab.begin_study", "study_ours", ("{letters}",)),
        theirs=(
            Job("Optuna, its PyTorch example", "study_optuna", ("{tree}",)),
            Job("Ray Tune", "study_ray", ("{tree}",), environment=NO_TALK),
        ),
    ),
)
