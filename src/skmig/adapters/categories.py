"""Histogram boosting's categories without the preprocessor that 1.4.0 brought.

Since 1.4.0 categorical features are ordinally encoded and put before the numerical ones
(ensemble/_hist_gradient_boosting/gradient_boosting.py: _preprocess_X), and the trees are grown on
that.  Before, a category was the number itself, from 0 to 254.  Where all categories are such
numbers the trees say the same without the preprocessor: every feature index goes back to its
place, and every set of encoded categories becomes the set of the numbers themselves.  Both orders
are increasing, so bins stay what they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from skmig.adapters.forms import is_obj
from skmig.adapters.ops import Refusal, Step
from skmig.payload import Obj

LARGEST = 254  # a set of raw categories is 256 bits, and the last bin is for missing values
_PER_FEATURE = ("is_categorical", "is_categorical_", "n_bins_non_missing_")


def undo_preprocessor(obj: Obj, step: Step) -> None:
    """Rewrite the trees and bins of a fitted model onto the features as the user gives them.

    Raises Refusal where a category is not one of the numbers that the older release can hold.
    """
    preprocessor = obj.state.pop("_preprocessor")
    encoded, order, values = _plan(preprocessor, step)
    mapper = obj.state["_bin_mapper"]
    _rewrite_bins(mapper, order, values)
    for stage in obj.state["_predictors"]:
        for predictor in stage:
            _rewrite_tree(predictor, order, values)
    mask = np.zeros(len(order), dtype=bool)
    mask[list(encoded)] = True
    obj.state["is_categorical_"] = mask


def _plan(preprocessor: Obj, step: Step) -> tuple[list[int], np.ndarray, dict[int, np.ndarray]]:
    """Categorical features, the original place of each encoded feature, and their categories."""
    parts = {name: (part, columns) for name, part, columns in preprocessor.state["transformers_"]}
    encoder, mask = parts["encoder"]
    categorical = np.flatnonzero(np.asarray(mask, dtype=bool))
    numerical = np.flatnonzero(~np.asarray(mask, dtype=bool))
    values = {}
    for place, known in zip(categorical, encoder.state["categories_"], strict=True):
        values[int(place)] = _numbers(known, int(place), step)
    return [int(i) for i in categorical], np.concatenate([categorical, numerical]), values


def _numbers(known: Any, place: int, step: Step) -> np.ndarray:
    categories = np.asarray(known)
    try:
        numbers = categories.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.array([-1.0])
    numbers = numbers[~np.isnan(numbers)]  # a missing value is no category
    if ((numbers < 0) | (numbers > LARGEST) | (numbers != np.floor(numbers))).any():
        raise Refusal(
            f"the categories of feature {place} are not all whole numbers from 0 to {LARGEST}, "
            f"and scikit-learn {step.older} knows no others"
        )
    return numbers


def _back(items: Any, order: np.ndarray) -> list[Any]:
    """A list by encoded feature as a list by original feature."""
    result: list[Any] = [None] * len(order)
    for encoded, original in enumerate(order):
        result[original] = items[encoded]
    return result


def _rewrite_bins(mapper: Obj, order: np.ndarray, values: dict[int, np.ndarray]) -> None:
    state = mapper.state
    for name in _PER_FEATURE:
        array = state.get(name)
        if isinstance(array, np.ndarray):
            state[name] = np.asarray(_back(array, order), dtype=array.dtype)
    for name in ("bin_thresholds_", "known_categories"):
        if isinstance(state.get(name), list):
            state[name] = _back(state[name], order)
    for place, numbers in values.items():
        # a category that binning left out has no threshold
        held = np.asarray(state["bin_thresholds_"][place]).astype(np.int64)
        state["bin_thresholds_"][place] = numbers[held]
        if isinstance(state.get("known_categories"), list):
            state["known_categories"][place] = numbers


def _rewrite_tree(predictor: Any, order: np.ndarray, values: dict[int, np.ndarray]) -> None:
    if not is_obj(predictor):
        return
    nodes = predictor.state["nodes"].copy()
    inner = nodes["is_leaf"] == 0
    nodes["feature_idx"][inner] = order[nodes["feature_idx"][inner].astype(np.int64)]
    predictor.state["nodes"] = nodes
    sets = np.array(predictor.state["raw_left_cat_bitsets"])
    for node in nodes[inner & (nodes["is_categorical"] != 0)]:
        row = int(node["bitset_idx"])
        sets[row] = _renumber(sets[row], values[int(node["feature_idx"])])
    predictor.state["raw_left_cat_bitsets"] = sets


def _renumber(bits: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """A set of positions in `numbers` as the set of the numbers (_bitset.pyx: 8 words of 32)."""
    result = np.zeros_like(bits)
    for position, number in enumerate(numbers.astype(np.int64)):
        if int(bits[position // 32]) >> (position % 32) & 1:
            result[number // 32] |= bits.dtype.type(1 << int(number % 32))
    return result
