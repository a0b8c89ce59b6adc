"""Do the columns of the data fit the model?"""

from __future__ import annotations

from collections.abc import Sequence

from skmig.dataset.dataset import Dataset
from skmig.errors import DataError


def check_columns(
    data: Dataset,
    *,
    names: Sequence[str] | None = None,
    count: int | None = None,
    subset: bool = False,
    numbers_for: str = "",
) -> None:
    """Raises DataError, which names the columns, for missing, extra, reordered or mistyped ones.

    `names` and `count` are what the model was fitted on; `subset`: it finds its columns by name,
    so that more of them, in any order, are as good.  `numbers_for`: what takes numbers only.
    """
    if data.names is None or names is None:
        if count is not None and data.width is not None and data.width != count and not subset:
            raise DataError(
                f"`{data.path.name}` has {data.width} columns, the model was fitted on {count}",
                hint="Give the columns that the model was fitted on, without the target.",
            )
    else:
        _check_names(data, list(names), subset)
    if numbers_for and data.texts:
        raise DataError(
            f"{texts(data)[0]}, and {numbers_for} takes numbers",
            hint="Correct it, or leave the column out if the model was not fitted on it.",
        )


def texts(data: Dataset) -> tuple[str, ...]:
    """What columns hold text, and where first."""
    return tuple(
        f"column `{name}` of `{data.path.name}` holds text: `{cell}` in row {row}"
        for name, (row, cell) in data.texts.items()
    )


def _check_names(data: Dataset, wanted: list[str], subset: bool) -> None:
    given = list(data.names or ())
    order = f"The model was fitted on: {', '.join(wanted)}."
    missing = [name for name in wanted if name not in given]
    extra = [name for name in given if name not in wanted]
    if missing or (extra and not subset):
        said = [
            f"{what} {', '.join(f'`{name}`' for name in found)}"
            for what, found in (("lacks column", missing), ("has the extra column", extra))
            if found
        ]
        raise DataError(f"`{data.path.name}` {' and '.join(said)}", hint=order)
    if given != wanted and not subset:
        place = next(
            i for i, pair in enumerate(zip(given, wanted, strict=True)) if pair[0] != pair[1]
        )
        raise DataError(
            f"the columns of `{data.path.name}` are in another order than the model's: column "
            f"{place + 1} is `{given[place]}` instead of `{wanted[place]}`",
            hint=order,
        )
