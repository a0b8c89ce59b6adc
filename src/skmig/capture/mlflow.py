"""MLflow's autologging with the record of training day: `skmig.capture.mlflow.autolog()`."""

from __future__ import annotations

import copy
import functools
import logging
import warnings
from pathlib import Path
from typing import Any

from skmig import record
from skmig.agent import capture as agent
from skmig.version import __version__

_LOG = logging.getLogger(__name__)
_MODELS = ("model.pkl", "model.skops")  # as the flavor sklearn calls them


def autolog(**options: Any) -> None:
    """`mlflow.sklearn.autolog(**options)`, with the record of training day in each model folder.

    Every model that MLflow saves from now on in this process gets its record beside it
    (`model.skmig`), with the input example as the rows; for that, examples are logged unless
    `log_input_examples=False` is said.  A record that cannot be written is a warning in the log:
    the training run goes on.
    """
    import mlflow.sklearn

    mlflow.sklearn.autolog(**{"log_input_examples": True, **options})
    save = mlflow.sklearn.save_model
    if hasattr(save, "__skmig__"):
        return

    @functools.wraps(save)
    def save_model(sk_model: Any, path: Any, *args: Any, **kwargs: Any) -> Any:
        done = save(sk_model, path, *args, **kwargs)
        try:
            _write(sk_model, Path(path), kwargs.get("input_example"))
        except Exception as exc:  # whatever it is: the training run is worth more than its record
            _LOG.warning("no record of training day for %s: %s: %s", path, type(exc).__name__, exc)
        return done

    save_model.__skmig__ = True  # type: ignore[attr-defined]
    mlflow.sklearn.save_model = save_model


def _write(model: Any, folder: Path, example: Any) -> None:
    from mlflow.utils.autologging_utils import disable_autologging

    file = next(folder / name for name in _MODELS if (folder / name).is_file())
    if isinstance(example, tuple):  # rows, and the parameters of `predict`
        example = example[0]
    said = {"user": record.who(), "commit": record.commit(Path.cwd()), "skmig": __version__}
    with (
        disable_autologging(),  # what the model is asked here is no training
        warnings.catch_warnings(),
        record.placed((record.beside(file),)) as (draft,),
    ):
        warnings.simplefilter("ignore")
        agent.write(
            copy.deepcopy(model),  # answering may leave traces in it
            str(file),
            str(draft),
            example,
            said,
            name=file.name,
            format="skops" if file.suffix == ".skops" else "pickle",
        )
