"""Fits many small pipelines, and pickles each.  Runs in the environment of any release.

python small.py FOLDER COUNT
"""

import os
import pickle
import sys

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor


def pipeline(number):
    """One of six kinds, about 5 KB each."""
    random = np.random.RandomState(number)
    features = random.normal(size=(80, 5))
    y = features.dot(random.normal(size=5))
    labels = (y > 0).astype(int)
    kind = number % 6
    if kind == 0:
        return make_pipeline(StandardScaler(), LogisticRegression(solver="lbfgs")).fit(
            features, labels
        )
    if kind == 1:
        return make_pipeline(MinMaxScaler(), Ridge(alpha=0.5)).fit(features, y)
    if kind == 2:
        return make_pipeline(StandardScaler(), DecisionTreeRegressor(max_depth=4)).fit(features, y)
    if kind == 3:
        return make_pipeline(PCA(n_components=3), Ridge()).fit(features, y)
    if kind == 4:
        return make_pipeline(StandardScaler(), SVC(gamma=0.1)).fit(features, labels)
    boosting = GradientBoostingClassifier(n_estimators=3, max_depth=2)
    return make_pipeline(StandardScaler(), boosting).fit(features, labels)


def main(folder, count):
    for number in range(count):
        with open(os.path.join(folder, "model-%05d.pkl" % number), "wb") as handle:
            pickle.dump(pipeline(number), handle, protocol=2)


main(sys.argv[1], int(sys.argv[2]))
