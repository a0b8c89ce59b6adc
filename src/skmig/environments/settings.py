"""The environment variables of every worker, the same in a container and outside."""

from __future__ import annotations

import os

# One thread each, so that sums are added in the same order in every run.
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
SETTINGS = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "JOBLIB_MULTIPROCESSING": "0",  # no processes of its own in a job
    "MPLBACKEND": "Agg",
}


def threads() -> dict[str, str]:
    """How many threads the arithmetic may use: one, unless the caller's environment says more."""
    return {name: os.environ.get(name, "1") for name in _THREADS}
