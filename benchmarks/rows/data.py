"""From a zip of JPEGs to tensors in memory.

Costs some 5 minutes: two loader processes take about 10 seconds for 78,000 pictures, and unpack them in about 10.
"""

from rows import Job, Row

ROWS = tuple(
    Row(
        name=f"open-{which}",
        what=f"78,000 JPEGs in a zip to tensors in memory, {which} time",
        least=least,
        ours=Job("letterlab.open_letters", "open_ours", ("{drawn}", which)),
        theirs=(
            Job("Dataset with Pillow, DataLoader", "open_theirs", ("{drawn}", which, "dataset")),
            Job("torchvision ImageFolder, DataLoader", "open_theirs", ("{drawn}", which, "imagefolder")),
        ),
    )
    for which, least in (("first", 8), ("second", 100))
)
