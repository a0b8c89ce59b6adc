"""What a distribution is imported as: `imbalanced-learn` is `imblearn`.

Nothing that is installed elsewhere can be asked here, so that this is a rule with exceptions.
"""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_OTHERWISE = {
    "beautifulsoup4": "bs4",
    "imbalanced-learn": "imblearn",
    "opencv-python": "cv2",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "python-dateutil": "dateutil",
    "pyyaml": "yaml",
    "scikit-image": "skimage",
    "scikit-lego": "sklego",
    "scikit-learn-contrib-lightning": "lightning",
    "scikit-learn-extra": "sklearn_extra",
    "scikit-optimize": "skopt",
    "scikit-survival": "sksurv",
    "sklearn-contrib-py-earth": "pyearth",
    "umap-learn": "umap",
    "xgboost-cpu": "xgboost",
}


def modules(requirements: tuple[str, ...]) -> tuple[str, ...]:
    """The top-level modules of requirements (`xgboost==1.5.2`); texts that are none are left out.

    (What is wrong with such a text is said where its environment is made.)
    """
    found = []
    for text in requirements:
        try:
            name = canonicalize_name(Requirement(text).name)
        except InvalidRequirement:
            continue
        found.append(_OTHERWISE.get(name, name.replace("-", "_")))
    return tuple(dict.fromkeys(found))
