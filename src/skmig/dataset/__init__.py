"""The user's own data (`--data`): files of rows, read in parts as neutral values.

A table with a header becomes a frame, numbers without names an array, lines of text documents.
Files are parsed here and not by pandas, so that the same file means the same on every machine.
What a column holds is decided once for the whole file: most formats are read twice.
"""

from skmig.dataset.check import check_columns
from skmig.dataset.dataset import Chunk, Dataset, open_dataset
from skmig.dataset.values import frame, is_frame, row_count, take

__all__ = [
    "Chunk",
    "Dataset",
    "check_columns",
    "frame",
    "is_frame",
    "open_dataset",
    "row_count",
    "take",
]
