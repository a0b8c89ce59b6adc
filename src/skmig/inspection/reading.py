"""Reads an artifact: container, opcodes, tree, verdicts."""

from __future__ import annotations

import re
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from skmig.agent.containers import HEAD, ContainerError, is_pickle_start
from skmig.errors import UnreadableError
from skmig.inspection import expansion, judge, mlflow, refused, releases, skops, tree
from skmig.inspection.facts import Facts, NamedGlobal
from skmig.inspection.machine import Machine
from skmig.inspection.stream import EndedError, Stream, open_artifact
from skmig.inspection.trace import DamagedError, TooMuchError, Trace

MAX_PICKLES = 1000  # one after the other in a file
_RESERVE = 8 << 20  # bytes: to say that there is no memory takes some
_AGAIN = "copy or download it again, in binary mode"
_OWN = {"sklearn", "_loss", "numpy", "scipy", "joblib", "__main__"}
_PROTOCOL_0 = re.compile(rb"c[\w.]+\r?\n[\w.]+\r?\n|\([cidlptSINVLF(]|[IFLSVN][^\n]{0,4000}\n")
_PYTHON2_MODULES = {"__builtin__", "copy_reg", "cPickle", "exceptions", "itertools"}


def inspect(path: str | Path) -> Facts:
    """Everything that can be known of a model file without running it.

    Pickle, joblib, `.skops`, and the file inside an MLflow model folder.
    Raises UnreadableError: not a pickle, damaged, a folder, another format, a missing sidecar.
    """
    path = Path(path)
    if path.is_dir():
        inside = mlflow.model_file(path)
        facts = inspect(inside)
        found = (*facts.findings, *mlflow.findings(path))
        notes = (*facts.notes, f"the model of the MLflow folder {path}")
        return replace(facts, notes=notes, findings=found)
    trace = Trace(folder=str(path.parent))
    try:
        if skops.is_skops(path):
            return skops.inspect(path)
        stream, compression = open_artifact(str(path), trace.check)
    except ContainerError as error:
        raise UnreadableError(
            f"`{path}` {error.message}", hint=error.hint, causes=refused.causes(path)
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnreadableError(
            f"`{path}` cannot be read: {reason}", hint="check the path"
        ) from error
    reserve = bytearray(_RESERVE)
    with stream.raw:
        try:
            root = _run(path, stream, trace, compression)
            return _facts(path, trace, root, compression)
        except UnreadableError as error:
            raise _with_findings(error, trace) from error
        except TooMuchError as error:
            raise _with_findings(_too_much(path, str(error)), trace) from error
        except (MemoryError, RecursionError) as error:
            del reserve
            if error.__traceback__ is not None:
                traceback.clear_frames(error.__traceback__.tb_next)  # they hold what was read
            raise _with_findings(_too_much(path, "more memory than there is"), trace) from error


def _with_findings(error: UnreadableError, trace: Trace) -> UnreadableError:
    said = refused.shortened(list(refused.sentences(trace)))
    return UnreadableError(error.message, hint=error.hint, causes=(*error.causes, *said))


def _too_much(path: Path, what: str) -> UnreadableError:
    return UnreadableError(
        f"`{path}` is no model: reading it takes {what}",
        hint="if it is one, load it where it was made and pickle the estimator alone",
    )


def _run(path: Path, stream: Stream, trace: Trace, compression: str) -> Any:
    try:
        root = Machine(stream, trace).run()
        _more(stream, trace)
    except ContainerError as error:
        raise UnreadableError(f"`{path}` {error.message}", hint=error.hint) from error
    except (EndedError, DamagedError) as error:
        raise _damaged(path, stream.tell(), compression, error) from error
    except OSError as error:
        raise UnreadableError(f"`{path}` cannot be read: {error}", hint=_AGAIN) from error
    if trace.missing:
        names = ", ".join(f"`{name}`" for name in sorted(set(trace.missing))[:5])
        raise UnreadableError(
            f"`{path}` needs {len(set(trace.missing))} array files beside it that are missing: "
            f"{names}",
            hint="old joblib writes a model as several files: copy all of them to one folder",
        )
    return root


def _more(stream: Stream, trace: Trace) -> None:
    """What follows the pickle: who loads twice from one file loads that, too."""
    following = stream.peek()
    if following:
        text = "more bytes follow the pickle's end; loading does not look at them"
        trace.note("trailing-bytes", "", stream.tell(), text)
    for _ in range(MAX_PICKLES):
        if not is_pickle_start(following):
            return
        try:
            trace.dropped.append(Machine(stream, trace).run())
        except (EndedError, DamagedError, ContainerError):
            return
        following = stream.peek()


def _damaged(path: Path, position: int, compression: str, error: Exception) -> UnreadableError:
    with path.open("rb") as handle:
        head = handle.read(1 << 16)
    if compression == "none" and _text_mode(head):
        return UnreadableError(
            f"`{path}` was damaged by a transfer in text mode: its line ends were changed",
            hint="transfer it again in binary mode (git: `*.pkl binary` in .gitattributes)",
        )
    if compression == "none" and (not is_pickle_start(head[:HEAD]) or _looks_like_text(head)):
        return UnreadableError(
            f"`{path}` is not a pickle", hint="give a file that pickle or joblib wrote"
        )
    if isinstance(error, EndedError):
        return UnreadableError(
            f"`{path}` is truncated: it ends at byte {position}, before the pickle does",
            hint=_AGAIN,
        )
    return UnreadableError(f"`{path}` is damaged near byte {position}: {error}", hint=_AGAIN)


def _text_mode(head: bytes) -> bool:
    """Is every line end that of Windows?  In a binary file most would not be."""
    return head.count(b"\n") >= 4 and head.count(b"\n") == head.count(b"\r\n")


def _looks_like_text(head: bytes) -> bool:
    """A protocol-0 pickle is text too, but begins in few ways."""
    return head[:64].isascii() and _PROTOCOL_0.match(head) is None


def _facts(path: Path, trace: Trace, root: Any, compression: str) -> Facts:
    found = tree.walk(root, trace)
    expansion.look(root, trace)
    names = list(trace.globals.values())
    origin = releases.origin(found.nodes, names)
    modules = {item.module for item in names}
    return Facts(
        path=path,
        size=path.stat().st_size,
        container=f"{_format(trace, compression, modules)}/{compression}",
        protocol=trace.protocol,
        python=_python(trace),
        sklearn_versions=origin.recorded,
        release=origin.release,
        release_reason=origin.reason,
        possible_releases=origin.possible,
        numpy_major=_numpy_major(modules),
        joblib_form=_joblib_form(trace, modules),
        third_party=_third_party(trace),
        main_names=tuple(sorted(item.name for item in names if item.module == "__main__")),
        functions=judge.functions(trace, found),
        estimators=tuple(found.nodes),
        summary=tree.summary(root),
        globals=tuple(
            NamedGlobal(
                name=item.full,
                position=item.position,
                count=item.count,
                called=item.called or item.made,
            )
            for item in sorted(names, key=lambda item: item.position)
        ),
        findings=judge.findings(trace, found),
        sidecars=tuple(path.parent / name for name in sorted(set(trace.sidecars))),
        notes=origin.notes,
    )


def _format(trace: Trace, compression: str, modules: set[str]) -> str:
    """joblib writes arrays on its own, and compresses; pickle does neither."""
    if trace.raw_arrays:
        return "joblib"
    inline = any(module.endswith("core.multiarray") for module in modules)
    return "pickle" if compression == "none" or inline else "joblib"


def _python(trace: Trace) -> int | None:
    if trace.protocol >= 3:
        return 3
    if trace.python2:
        return 2
    return 3 if trace.python3 or trace.protocol == 2 else None


def _numpy_major(modules: set[str]) -> int | None:
    for prefix, major in (("numpy._core", 2), ("numpy.core", 1)):
        if any(module == prefix or module.startswith(prefix + ".") for module in modules):
            return major
    return None


def _joblib_form(trace: Trace, modules: set[str]) -> str | None:
    if not trace.raw_arrays:
        return None
    if trace.sidecars or any(module.endswith("numpy_pickle_compat") for module in modules):
        return "0.9 or older"
    return "1.2 or newer" if trace.aligned else "0.10 to 1.1"


def _third_party(trace: Trace) -> dict[str, tuple[str, ...]]:
    """Packages that the environment needs beside scikit-learn and what it is built on."""
    found: dict[str, set[str]] = {}
    for item in trace.globals.values():
        package = item.module.partition(".")[0]
        if package in _OWN or package in _PYTHON2_MODULES or package in sys.stdlib_module_names:
            continue
        found.setdefault(package, set()).add(item.full)
    return {package: tuple(sorted(found[package])) for package in sorted(found)}
