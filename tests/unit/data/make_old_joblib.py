"""`python make_old_joblib.py FOLDER`, with joblib 0.9.2 and numpy 1.13.1 on CPython 3.6.

Old joblib kept arrays in files beside the artifact; the compressed form (ZF) holds them in it.
"""

import sys

import joblib
import numpy as np

value = {
    "weights": np.arange(6.0).reshape(2, 3),
    "words": np.array(["a", None], dtype=object),
    "n": 3,
}
joblib.dump(value, sys.argv[1] + "/joblib-0.9.2.pkl")
joblib.dump(value, sys.argv[1] + "/joblib-0.9.2-zf.pkl", compress=3)
