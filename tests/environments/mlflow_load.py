"""Loads a model folder as a user of MLflow does, all warnings being errors."""

import json
import logging
import sys
import warnings
from pathlib import Path

import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pandas as pd

heard = []


class Heard(logging.Handler):
    def emit(self, record):
        heard.append(record.getMessage())


logging.getLogger("mlflow").addHandler(Heard(logging.WARNING))
with warnings.catch_warnings():
    warnings.simplefilter("error")
    bare = mlflow.sklearn.load_model(sys.argv[1])
    wrapped = mlflow.pyfunc.load_model(sys.argv[1])
    rows = json.loads(Path(sys.argv[2]).read_text())
    X = pd.DataFrame(rows["data"], columns=rows["columns"]) if "data" in rows else None
    X = np.array(rows["inputs"]) if X is None else X
    said = [bare.predict(X).tolist(), np.asarray(wrapped.predict(X)).tolist()]
print(json.dumps({"predictions": said, "heard": heard}))
