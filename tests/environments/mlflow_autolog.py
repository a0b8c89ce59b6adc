"""Trains as a user of MLflow's autologging does; prints the folder of the model that was logged.

usage: mlflow_autolog.py FOLDER [stubborn]     stubborn: a model that cannot be copied
"""

import sys
from pathlib import Path

import mlflow
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from skmig.capture.mlflow import autolog


class Stubborn(dict):
    def __deepcopy__(self, memo):
        raise RuntimeError("no copies")


mlflow.set_tracking_uri(f"sqlite:///{sys.argv[1]}/mlflow.db")
mlflow.create_experiment("test", Path(sys.argv[1], "artifacts").as_uri())
mlflow.set_experiment("test")
autolog(serialization_format="cloudpickle")
autolog(serialization_format="cloudpickle")  # twice is as once
X, y = load_iris(return_X_y=True, as_frame=True)
weights = Stubborn({0: 1.0, 1: 1.0, 2: 2.0}) if len(sys.argv) > 2 else None
with mlflow.start_run() as run:
    LogisticRegression(max_iter=500, class_weight=weights).fit(X, y)
assert mlflow.get_run(run.info.run_id).info.status == "FINISHED"
(model,) = mlflow.search_logged_models(output_format="list")
print(model.artifact_location)
