"""From predictions to what one looks at: confusion matrix, confused pairs, letters of the greatest loss.

Costs some 2 minutes; before the clock runs, a study of two short trainings.
"""

from rows import Job, Row

ROWS = (
    Row(
        name="report",
        what="confusion matrix, confused pairs and top losses of 3,640 letters, in files",
        least=5,
        ours=Job("letterlab, from stored predictions", "report_ours", ("{letters}",)),
        theirs=(
            Job("fastai's ClassificationInterpretation", "report_theirs", ("{tree}", "fastai")),
            Job(
                "scikit-learn and Matplotlib, from stored predictions", "report_theirs", ("{tree}", "sklearn"), least=0
            ),
        ),
    ),
)
