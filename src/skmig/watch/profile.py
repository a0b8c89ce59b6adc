"""What is known of one column, in bounded memory however many rows it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from skmig.watch.rows import Value

SAMPLE = 20_000  # numbers that are kept, evenly chosen
DISTINCT = 10_000  # different values that are counted one by one

Array = np.ndarray[Any, Any]


class Profile:
    """The values of one column so far.

    `rows` are all, `missing` those without a value, `texts` those that are no numbers; `sample` is
    an even sample of the numbers (of texts: their lengths), `counts` how often each value was met,
    `uncounted` the rows whose value came after DISTINCT others.
    """

    def __init__(self) -> None:
        self.rows = self.missing = self.texts = self.uncounted = 0
        self.counts: Counter[Value] = Counter()
        self._numbers, self._number_keys = np.empty(0), np.empty(0)
        self._lengths, self._length_keys = np.empty(0), np.empty(0)
        self._random = np.random.default_rng(0)

    def add(self, values: Iterable[Value]) -> None:
        """Add more values."""
        found = list(values)
        there = [item for item in found if item is not None]
        self.rows += len(found)
        self.missing += len(found) - len(there)
        numbers = [item for item in there if not isinstance(item, str)]
        texts = [item for item in there if isinstance(item, str)]
        self.texts += len(texts)
        self._numbers, self._number_keys = self._kept(
            self._numbers, self._number_keys, np.asarray(numbers, dtype=float)
        )
        self._lengths, self._length_keys = self._kept(
            self._lengths, self._length_keys, np.asarray([len(item) for item in texts], dtype=float)
        )
        for value, count in Counter(there).items():
            if value in self.counts or len(self.counts) < DISTINCT:
                self.counts[value] += count
            else:
                self.uncounted += count

    def _kept(self, sample: Array, keys: Array, more: Array) -> tuple[Array, Array]:
        """Each value gets a random key; the sample are those with the smallest."""
        sample = np.concatenate([sample, more])
        keys = np.concatenate([keys, self._random.random(len(more))])
        if len(keys) <= SAMPLE:
            return sample, keys
        chosen = np.argpartition(keys, SAMPLE)[:SAMPLE]
        return sample[chosen], keys[chosen]

    @property
    def there(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing

    @property
    def numbers(self) -> Array:
        return self._numbers

    @property
    def lengths(self) -> Array:
        """Of the texts, in characters."""
        return self._lengths

    def share(self, value: Value) -> float:
        return self.counts[value] / self.there if self.there else 0.0
