"""Blocks: rows that are wanted at the input of an estimator, before they become its real input."""

import numpy as np

MATRIX, TEXT, TOKENS, DICTS, LABELS, SETS = "matrix text tokens dicts labels sets".split()


class Block(object):
    """Wanted rows.  `rows` is a 2-d array (float64 or object) for a matrix, else a list.

    `categories`: {column: values that the model knows}, for the unknown and the missing one.
    `names` are the columns' names where the model saw a frame; `notes` go into the coverage.
    """

    __slots__ = ("categories", "frame", "kind", "names", "notes", "rows")

    def __init__(self, kind, rows, categories=None, names=None, notes=(), frame=False):
        self.kind = kind
        self.rows = rows
        self.categories = {} if categories is None else categories
        self.names = names
        self.notes = list(notes)
        self.frame = frame

    def __len__(self):
        return len(self.rows)


class Context(object):
    """How many rows are wanted, and the one source of chance.

    `gaps`: only rows with missing values are wanted, from trees that never saw one.
    """

    __slots__ = ("gaps", "limit", "rng")

    def __init__(self, limit, rng, gaps=False):
        self.limit = max(int(limit), 8)
        self.rng = rng
        self.gaps = gaps

    def share(self, parts):
        """The context of one of several parts."""
        return Context(max(self.limit // max(parts, 1), 16), self.rng, self.gaps)


def merge(blocks):
    """One block with the rows of all that fit the first one."""
    blocks = [block for block in blocks if block is not None and len(block)]
    if not blocks:
        return None
    first = blocks[0]
    same = [block for block in blocks if block.kind == first.kind]
    if first.kind == MATRIX:
        same = [block for block in same if block.rows.shape[1] == first.rows.shape[1]]
        if any(block.rows.dtype == object for block in same):
            rows = np.concatenate([block.rows.astype(object) for block in same])
        else:
            rows = np.concatenate([block.rows for block in same])
    else:
        rows = [row for block in same for row in block.rows]
    merged = Block(first.kind, rows, first.categories, first.names, first.notes, first.frame)
    for block in same[1:]:
        merged.categories = merged.categories or block.categories
        merged.names = merged.names if merged.names is not None else block.names
        merged.frame = merged.frame or block.frame
        merged.notes.extend(note for note in block.notes if note not in merged.notes)
    return merged


def thin(block, limit):
    """At most `limit` rows, evenly chosen."""
    if block is None or len(block) <= limit:
        return block
    chosen = np.unique(np.linspace(0, len(block) - 1, limit).astype(int))
    if block.kind == MATRIX:
        block.rows = block.rows[chosen]
    else:
        block.rows = [block.rows[i] for i in chosen]
    return block


def combine(values, limit, rng):
    """Rows from lists of interesting values per column: every value stands in some row.

    Each column runs through its list in an order of its own, so that values meet by chance.
    """
    count = min(max([len(column) for column in values] + [1]), limit)
    count = min(max(count, 24), limit)
    numeric = all(isinstance(column, np.ndarray) and column.dtype.kind == "f" for column in values)
    rows = np.empty((count, len(values)), dtype=float if numeric else object)
    for j, column in enumerate(values):
        order = []
        while len(order) < count:
            order.extend(rng.permutation(len(column)))
        for i, place in enumerate(order[:count]):
            rows[i, j] = column[place]
    return Block(MATRIX, rows)
