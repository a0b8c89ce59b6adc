"""The probes of a record, put to the model in the environment that serves it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from skmig import inspection, parity, pipeline, plan, record
from skmig.environments import exchange, locks, recorded
from skmig.environments.base import EnvironmentSpec, Progress, Worker
from skmig.errors import AgentError, EnvironmentFailedError, TimeoutExpiredError, UnreadableError
from skmig.payload import write_bundle
from skmig.verification import trust
from skmig.watch.answer import Options, Replay
from skmig.watch.records import Known

# what every model's answers depend on, beside the packages that it names itself
_ALWAYS = frozenset({"scikit-learn", "numpy", "scipy", "joblib", "threadpoolctl"})


def replay(known: Known, options: Options, progress: Progress, notes: list[str]) -> Replay:
    """Ask the model, and see what is installed.  Raises UnreadableError where it is another file,
    UntrustedError for one that names what must not run here."""
    from skmig.environments.here import HereBackend  # it needs what only POSIX systems have

    model = known.model
    if not model.is_file():
        raise UnreadableError(
            f"there is no model `{model}`", hint="name the model itself: skmig watch MODEL"
        )
    if record.sha256(model) != known.artifact.sha256:
        raise UnreadableError(
            f"`{model.name}` is not the file that its record is of: its digest differs",
            hint="restore the model from where it was stored; if it was trained again, capture it "
            "again",
        )
    facts = inspection.inspect(model)
    backend = HereBackend(options.python)
    settings = plan.Settings(
        target=known.release, code=options.code, trust=options.trust, timeout=options.timeout
    )
    said = () if known.manifest is None else tuple(known.manifest.options["trust"])
    trust.check(model, facts, settings, said, backend)
    spec = EnvironmentSpec(release=known.release, code=options.code)
    with pipeline.workshop(settings, progress, backend) as shop, shop.worker(spec, "target") as it:
        needed, others = _packages(known, options, facts, it.hello)
        if not _same_python(known.python, str(it.hello["python"])):
            needed += (f"Python is {it.hello['python']}, the record has {known.python}",)
        progress.step(f"asking {model.name} again in the environment of {backend.python}")
        try:
            methods = _ask(known, it, facts, spec)
            failure = ""
        except TimeoutExpiredError:
            raise
        except (AgentError, EnvironmentFailedError) as error:
            # another release may refuse to load it, or end by a signal: an answer, and no accident
            methods, failure = (), "; ".join((error.message, *error.causes[:1]))
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        notes.append(
            f"other packages, which the model does not need: {', '.join(others[:3])}{more}"
        )
    return Replay(
        python=str(options.python or sys.executable),
        packages=needed,
        others=others,
        methods=methods,
        failure=failure,
    )


def _ask(
    known: Known, worker: Worker, facts: inspection.Facts, spec: EnvironmentSpec
) -> tuple[parity.MethodParity, ...]:
    for path in (known.model, *facts.sidecars):
        worker.put(path.name, path)
    arguments: dict[str, Any] = {
        "format": known.format,
        "code": pipeline.put_code(worker, spec),
        "plain": True,  # as the serving code loads it
    }
    if known.manifest is not None:
        arguments["allow"] = known.manifest.options["allow"]
    found: tuple[parity.MethodParity, ...] = ()
    with exchange.scratch() as folder:
        for probes, expected, rounding in known.questions:
            bundle, answers = folder / "probes.skmig", folder / "answers.skmig"
            write_bundle(str(bundle), {"probes": known.document(probes)})
            worker.put("probes.skmig", bundle)
            worker.call(
                "predict",
                artifact=known.model.name,
                bundle="probes.skmig",
                out="answers.skmig",
                strict=False,
                **arguments,
            )
            worker.get("answers.skmig", answers)
            found += parity.compare(
                known.document(expected),
                pipeline.read_document(answers, "actual"),
                rounding=known.document(rounding),
                **_leeway(known),
            ).methods
    return found


def _leeway(known: Known) -> dict[str, Any]:
    """The tolerances of a migration, and the changes of scikit-learn's own that it accepted."""
    if known.manifest is None:
        return {}
    options = known.manifest.options
    return {
        "rtol": options["rtol"],
        "atol": options["atol"],
        "accept": options["accept"],
        "documented": [parity.Documented(**item) for item in known.manifest.documented],
    }


def _packages(
    known: Known, options: Options, facts: inspection.Facts, hello: Any
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How what is installed differs: in what the model needs, and in all else."""
    wanted = known.packages if options.packages is None else _freeze(options.packages)
    needs = _ALWAYS | {str(canonicalize_name(name)) for name in facts.third_party}
    there = dict(hello["packages"])
    changed = {
        name: recorded.changes(
            {name: wanted[name]} if name in wanted else {},
            {name: there[name]} if name in there else {},
        )
        for name in sorted((wanted.keys() | there.keys()) - locks.TOOLS - {"skmig"})
    }
    needed = [text for name, texts in changed.items() if name in needs for text in texts]
    others = [text for name, texts in changed.items() if name not in needs for text in texts]
    return tuple(needed), tuple(others)


def _freeze(path: Path) -> dict[str, str]:
    """A `pip freeze`: name -> version.  Raises UnreadableError."""
    from packaging.requirements import InvalidRequirement, Requirement

    found = {}
    try:
        for line in path.read_text("utf-8").splitlines():
            text = line.partition("#")[0].partition(" --hash")[0].strip().rstrip("\\").strip()
            if not text or text.startswith("-"):
                continue
            item = Requirement(text)
            (only,) = item.specifier
            found[str(canonicalize_name(item.name))] = only.version
    except (OSError, UnicodeDecodeError, InvalidRequirement, ValueError) as exc:
        raise UnreadableError(
            f"`{path}` is not a list of pinned packages",
            causes=(str(exc),),
            hint="write it where the model is served: python -m pip freeze > freeze.txt",
        ) from exc
    return found


def _same_python(one: str, two: str) -> bool:
    """Machines have other patches of the same Python."""
    return one.split(".")[:2] == two.split(".")[:2]
