"""What trips over data from elsewhere is an error of that data."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from skmig.errors import SkmigError, UnreadableError


@contextlib.contextmanager
def data_of(name: str) -> Iterator[None]:
    """Work on what came out of `name`: a model's environment, a payload or a record.

    The wire checks its form.  That its objects are such as a release of scikit-learn makes is found
    only where they are used, and who forged it can have left out anything.
    """
    try:
        yield
    except SkmigError:
        raise
    except Exception as error:
        raise UnreadableError(
            f"what came out of `{name}` is not what a release of scikit-learn makes",
            causes=(f"{type(error).__name__}: {error}",),
            hint="was the file changed, or made to deceive?  If the model works where it is served,"
            " this is a missing rule of skmig: please report it",
        ) from error
