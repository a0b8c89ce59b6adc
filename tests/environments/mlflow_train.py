"""Fits small models as a user of MLflow does; runs in an environment of any release and any MLflow.

usage: mlflow_train.py save FOLDER      model folders, by name
       mlflow_train.py log URI NAME [WHICH]     a run with a model, registered under the name
"""

import sys
import tempfile
import warnings
from pathlib import Path

import mlflow
import mlflow.sklearn
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

try:
    from mlflow.models import infer_signature
except ImportError:  # before 2.0
    from mlflow.models.signature import infer_signature

warnings.simplefilter("ignore")

X, y = load_iris(return_X_y=True, as_frame=True)


def frame():
    model = Pipeline([("scale", StandardScaler()), ("clf", LogisticRegression())]).fit(X, y)
    return model, {"signature": infer_signature(X, model.predict(X)), "input_example": X.head(7)}


def array():
    model = LogisticRegression().fit(X.to_numpy(), y)
    return model, {"input_example": X.to_numpy()[:6], "serialization_format": "pickle"}


def signed():
    model = LogisticRegression().fit(X, y)
    return model, {"signature": infer_signature(X, model.predict(X))}


def mixed():
    rows = pd.DataFrame({"town": ["a", "b", "c"] * 20, "size": np.arange(60.0)})
    parts = [("town", OneHotEncoder(), ["town"]), ("size", StandardScaler(), ["size"])]
    model = Pipeline([("columns", ColumnTransformer(parts)), ("clf", LogisticRegression())])
    model.fit(rows, [0, 1, 1] * 20)
    return model, {"signature": infer_signature(rows, np.zeros(60)), "input_example": rows.head(5)}


def coded():
    folder = Path(tempfile.mkdtemp(), "own_steps")
    folder.mkdir()
    (folder / "__init__.py").write_text("def double(rows):\n    return rows * 2\n")
    sys.path.insert(0, str(folder.parent))
    import own_steps

    steps = [("double", FunctionTransformer(own_steps.double)), ("clf", LogisticRegression())]
    return Pipeline(steps).fit(X.to_numpy(), y), {"code_paths": [str(folder)]}


MAKERS = {"frame": frame, "array": array, "signed": signed, "mixed": mixed, "coded": coded}


def main(what, where, name="", which="frame"):
    if what == "save":
        for maker, make in MAKERS.items():
            model, options = make()
            options.setdefault("serialization_format", "cloudpickle")  # which 3.x no longer is
            mlflow.sklearn.save_model(model, str(Path(where, maker)), **options)
        if mlflow.__version__.startswith("3."):
            model, options = frame()
            options["serialization_format"] = "skops"
            mlflow.sklearn.save_model(model, str(Path(where, "skops")), **options)
        return
    mlflow.set_tracking_uri(where)
    model, options = MAKERS[which]()
    options["serialization_format"] = "cloudpickle"
    if mlflow.__version__ < "3":
        options["artifact_path"] = "model"
    else:
        options["name"] = "model"
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(model, registered_model_name=name, **options)
    print(run.info.run_id)


main(*sys.argv[1:])
