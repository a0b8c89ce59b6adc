"""What `skmig.PredictionLog` costs: `python -m bench.prediction_log [--rows N]`.

Two times of a row: that of the call in the serving path (`add`), and all the processor time that
the process spends on it, in the writing thread too, until the log is closed; and the bytes that it
takes on disk then.  Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import skmig
from skmig.watch import segments

COLUMNS = 20
FORMS: dict[str, Callable[[np.ndarray[Any, Any]], Any]] = {
    "array": lambda rows: rows,
    "DataFrame": lambda rows: _frame(rows),
    "list of lists": lambda rows: rows.tolist(),
}


def _frame(rows: np.ndarray[Any, Any]) -> Any:
    import pandas as pd

    return pd.DataFrame(rows, columns=[f"c{i}" for i in range(rows.shape[1])])


def measured(kind: str, form: str, size: int, rows: int) -> tuple[float, float, float, int]:
    """Microseconds a row in `add`, of processor time in all, bytes, and rows that were dropped."""
    whole = np.random.default_rng(0).normal(size=(rows, COLUMNS))
    both = 1 / (1 + np.exp(np.stack([-whole[:, 0], whole[:, 0]], axis=1)))
    said = whole[:, 0] > 0
    parts = [slice(start, start + size) for start in range(0, rows, size)]
    calls = [(FORMS[form](whole[part]), said[part], both[part]) for part in parts]
    folder = Path(tempfile.mkdtemp(prefix="skmig-"))
    try:
        place = folder / "log"
        with skmig.PredictionLog(place, format=kind, pending=200_000, wait=60.0) as log:
            log.add(calls[0][0], calls[0][1], probabilities=calls[0][2])
            log.flush()
            worked, waited = time.process_time(), 0.0
            for inputs, labels, probabilities in calls:
                begun = time.perf_counter()
                log.add(inputs, labels, probabilities=probabilities)
                waited += time.perf_counter() - begun
            log.close(None)
            worked = time.process_time() - worked
        bytes_ = sum(item.stat().st_size for item in place.iterdir())
        return waited / rows * 1e6, worked / rows * 1e6, bytes_ / log.written, log.dropped
    finally:
        shutil.rmtree(folder)


def table(rows: int) -> Iterator[str]:
    yield (
        "| format | input | rows a call | in `add`, µs a row | processor time, µs a row"
        " | bytes a row | dropped |"
    )
    yield "|---|---|---|---|---|---|---|"
    for kind in segments.FORMATS:
        for form in FORMS:
            for size, of in ((1000, rows), (100, rows), (1, rows // 10)):
                call, work, bytes_, dropped = measured(kind, form, size, of)
                numbers = f"{call:.1f} | {work:.1f} | {bytes_:.0f} | {dropped}"
                yield f"| {kind} | {form} | {size} | {numbers} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    print("\n".join(table(parser.parse_args().rows)))


if __name__ == "__main__":
    main()
