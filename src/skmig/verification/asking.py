"""One record that is whole, and its result, held against each other in the environments."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import inspection, parity, pipeline, plan, record, versions
from skmig.adapters import carried, chain
from skmig.environments import imports, recorded
from skmig.environments.base import EnvironmentSpec, Worker
from skmig.errors import SkmigError, UnreadableError, UnsupportedError
from skmig.payload import ARRAY, digests, write_bundle
from skmig.verification.answer import Options, Shops, Verification
from skmig.version import __version__

_NAMED = 3  # places that one sentence names


@dataclass
class Asking:
    """One record and its result, while they are held against each other."""

    read: record.Record
    result: Path
    shops: Shops
    options: Options
    role: str
    folder: Path
    problems: list[str] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
    state: str = ""
    allow: tuple[str, ...] = ()

    @property
    def manifest(self) -> record.Manifest:
        return self.read.manifest

    @property
    def here(self) -> bool:
        return self.shops.target.backend.name == "here"

    def answer(self) -> Verification:
        manifest = self.manifest
        self._check_trust()
        graph = self.read.document("model")
        with _whole(self.read.path):
            adapted = self._adapted(graph)
        questions = self._questions()
        if self.options.original is not None:
            questions = self._from_original(self.options.original, graph, questions)
        found, state = self._ask(adapted, questions)
        with _whole(self.read.path):
            self._compare_said(found, carried.measure(graph, adapted, state), adapted)
        name = f"{manifest.result.name} under scikit-learn {manifest.target_environment.release}"
        # what does not hold for the answers is said by their summary
        said = "; ".join([*self.problems, found.summary] if self.problems else [found.summary])
        return Verification(
            record=self.read.path,
            result=self.result,
            ok=found.ok and not self.problems,
            summary=f"{name}: {said}",
            problems=tuple(self.problems),
            loosened=_loosened(manifest),
            notes=tuple(self.notes),
            state=self.state,
            parity=found,
        )

    def _check_trust(self) -> None:
        """Outside a sandbox, a result that names what is dangerous is not loaded.

        The record's word counts for what a model may need, as that of the one who migrated it; it
        does not count for what runs commands or touches files.
        """
        manifest, facts = self.manifest, inspection.inspect(self.result)
        # nor may more be made from the record than the result itself consists of
        named = {*facts.third_party, *imports.modules(manifest.target_environment.requirements)}
        self.allow = tuple(name for name in manifest.options["allow"] if name in named)
        if self.shops.target.backend.sandboxed:
            return
        dangerous = {item.name for item in facts.findings if item.severity == "dangerous"}
        said = (*manifest.options["trust"], *manifest.options["allow"])
        settings = plan.Settings(
            target=manifest.target_environment.release,
            requirements=manifest.target_environment.requirements,
            code=self.options.code,
            trust=(*self.options.trust, *said),
        )
        backend = self.shops.target.backend
        others = tuple(name for name in pipeline.finding_names(facts) if name not in dangerous)
        pipeline.check_trust(self.result, settings, others, backend)
        settings = dataclasses.replace(settings, trust=self.options.trust, requirements=(), code=())
        pipeline.check_trust(self.result, settings, tuple(sorted(dangerous)), backend)

    def _adapted(self, graph: Any) -> chain.Adapted:
        """What the rules of today make of the payload: nothing of it is taken from the manifest."""
        manifest = self.manifest
        return chain.adapt(
            graph,
            manifest.source_environment.release,
            manifest.target_environment.release,
            substitution=manifest.options["allow_substitution"],
        )

    def _compare_said(
        self, found: parity.Parity, state: carried.State, adapted: chain.Adapted
    ) -> None:
        """Hold what the manifest says against what was found now."""
        manifest = self.manifest
        now, then = (
            [(item["path"], item["method"], item["n"], item["shape"]) for item in said["methods"]]
            for said in (found.as_json(), manifest.parity)
        )
        if found.ok and now != then:
            self.problems.append("the record speaks of other methods than those that were compared")
        accept = tuple(manifest.options["accept"])
        if accept != parity.used(accept, found, pipeline.documented(adapted)):
            self.problems.append("the record accepts what did not change")
        if manifest.skmig != __version__:
            self.notes.append(
                f"made by skmig {manifest.skmig}: what it says of rules and state was not compared "
                f"with what {__version__} says"
            )
            return
        for name, value in pipeline.said_by_rules(adapted).items():
            recorded_value = getattr(manifest, name)
            if name == "notes":  # those of the scan come first
                recorded_value = recorded_value[max(0, len(recorded_value) - len(value)) :]
            if recorded_value != value:
                self.problems.append(f"the {name} of the record are not what the rules say")
        if manifest.state != state.as_json():
            self.problems.append("the record says something else of the state than is found now")

    # -------------------------------------------------------------- in the target's environment
    def _questions(self) -> _Questions:
        return _Questions(
            bundle=self.read.path,
            expected=self.read.document("expected"),
            rounding=self.read.document("rounding"),
        )

    def _ask(
        self, adapted: chain.Adapted, questions: _Questions
    ) -> tuple[parity.Parity, Mapping[str, str]]:
        """The comparison of today, and the digests of the result's state."""
        manifest = self.manifest
        if adapted.refusals:
            first = adapted.refusals[0]
            self.problems.append(
                f"what is in the record cannot become this result: {first.path}: {first.text}"
            )
        payload = None if adapted.refusals else self.folder / "adapted.skmig"
        if payload is not None:
            write_bundle(str(payload), {"model": adapted.graph})
        spec = self._spec()
        try:
            final = self.here or not spec.requirements
            answers, built = self._run(spec, payload, questions.bundle, final)
        except _OtherPackagesError:
            # what a requirement brings along is not pinned: make exactly what the record lists
            packages = manifest.target_environment.packages
            spec = recorded.whole(spec, packages, self.folder)
            answers, built = self._run(spec, payload, questions.bundle, final=True)
        state = pipeline.read_document(answers, "state")
        if payload is not None:
            self._compare_state(pipeline.read_document(built, "state"), state)
        with _whole(self.read.path):
            found = parity.compare(
                questions.expected,
                pipeline.read_document(answers, "actual"),
                rtol=manifest.options["rtol"],
                atol=manifest.options["atol"],
                documented=pipeline.documented(adapted),
                accept=manifest.options["accept"],
                rounding=questions.rounding,
            )
        return found, state

    def _spec(self) -> EnvironmentSpec:
        """The environment of the record; what is not as it was is a problem, or a note `here`."""
        fact = self.manifest.target_environment
        release = versions.release(fact.release).version
        spec = EnvironmentSpec(
            release=release, requirements=fact.requirements, code=self.options.code
        )
        found, odd = recorded.find(spec, fact.lock, fact.packages, self.folder)
        (self.notes if self.here else self.problems).extend(odd)
        return spec if self.here else found

    def _run(
        self, spec: EnvironmentSpec, payload: Path | None, probes: Path, final: bool
    ) -> tuple[Path, Path]:
        """Ask the result, and build it once more from the record, in one environment."""
        manifest, shop = self.manifest, self.shops.target
        answers, built = self.folder / "answers.skmig", self.folder / "built.skmig"
        shop.keep_only(spec, self.role)
        with shop.worker(spec, self.role) as worker:
            self._check_environment(worker, final)
            shop.progress.step(f"asking {self.result.name} again with {spec.release}")
            worker.put("result.model", self.result)
            worker.put("probes.skmig", probes)
            arguments: dict[str, Any] = {
                "format": manifest.format,
                "code": pipeline.put_code(worker, spec),
                "allow": self.allow,
            }
            reply = worker.call(
                "predict",
                artifact="result.model",
                bundle="probes.skmig",
                out="answers.skmig",
                **arguments,
            )
            worker.get("answers.skmig", answers)
            for path, texts in reply.result["failures"].items():
                self.problems += [f"{path}: {text}" for text in texts]
            if payload is None:
                return answers, built
            worker.put("adapted.skmig", payload)
            worker.call(
                "restore", bundle="adapted.skmig", document="model", out="again.model", **arguments
            )
            worker.call("state", artifact="again.model", out="built.skmig", **arguments)
            worker.get("built.skmig", built)
        return answers, built

    def _check_environment(self, worker: Worker, final: bool) -> None:
        fact, hello = self.manifest.target_environment, worker.hello
        if self.here:
            self._check_release(hello)
        changes = recorded.changes(fact.packages, hello["packages"])
        if changes and not final:
            raise _OtherPackagesError
        if str(hello["python"]) != fact.python:
            self.notes.append(f"Python is {hello['python']}, the record has {fact.python}")
        if changes and self.here:
            self.notes += changes
        elif changes:
            more = f" and {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
            self.problems.append(
                f"the environment is not that of the record: {'; '.join(changes[:_NAMED])}{more}"
            )

    def _check_release(self, hello: Mapping[str, Any]) -> None:
        """An interpreter with another scikit-learn cannot speak for the record's target."""
        wanted, there = self.manifest.target_environment.release, hello["sklearn"]
        if there is None:
            raise UnsupportedError(
                f"`{self.result.name}` is for scikit-learn {wanted}, and there is none here",
                hint="name the interpreter that serves the model with --python",
            )
        try:
            row = versions.release(str(there)).version
        except UnsupportedError:
            row = str(there)
        if row != wanted:
            words = ["skmig", "migrate", self.manifest.rollback.name, "--to", row]
            raise UnsupportedError(
                f"`{self.result.name}` is for scikit-learn {wanted}, and here is {there}",
                hint=f"migrate the original to it: {shlex.join(words)}",
            )

    def _compare_state(self, built: Mapping[str, str], found: Mapping[str, str]) -> None:
        """Is the result what the record's payload becomes?  By digest, all of it."""
        for state in (built, found):
            if carried.UNKNOWN in state:
                self.notes.append(f"the state was not compared: {state[carried.UNKNOWN]}")
                return
        others = [
            path for path in dict.fromkeys((*built, *found)) if built.get(path) != found.get(path)
        ]
        arrays = sum(text.startswith(ARRAY) for text in found.values())
        self.state = (
            f"{arrays} arrays and {len(found) - arrays} other values are, bit for bit, what the "
            "model in the record becomes"
        )
        if others:
            self.state = f"{len(others)} of {len(found)} arrays and values are others"
            more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
            self.problems.append(
                "its state is not what the model in the record becomes: "
                f"{', '.join(others[:_NAMED])}{more}"
            )

    # -------------------------------------------------------------- in the source's environment
    def _from_original(self, original: Path, graph: Any, said: _Questions) -> _Questions:
        """The questions and answers of the original itself, which must be those of the record.

        Where the record was made with inputs of the user's, those are asked again; else the whole
        export is made again.
        """
        manifest, shop = self.manifest, self.shops.source
        if not original.is_file() or record.sha256(original) != manifest.source.sha256:
            raise UnreadableError(
                f"`{original}` is not the original of this record: its digest differs",
                hint=f"the original is `{manifest.source.name}`, "
                f"sha256 {manifest.source.sha256[:16]}…",
            )
        settings = plan.Settings(
            target=manifest.target_environment.release,
            source=manifest.source_environment.release,
            trust=(*self.options.trust, *manifest.options["trust"]),
            requirements=manifest.source_environment.requirements,
            code=self.options.code,
        )
        request = pipeline.Request(
            artifact=original, result=self.read.path, record=self.read.path, settings=settings
        )
        planned = pipeline.prepare(request)
        if manifest.options["data"] is not None:
            state, again = self._ask_original(planned, said)
        else:
            exported = pipeline.export(planned, shop, target_too=False)
            state = digests(pipeline.read_document(exported.bundle, "model"))
            again = _Questions(
                bundle=exported.bundle,
                expected=pipeline.read_document(exported.bundle, "expected"),
                rounding=pipeline.read_document(exported.bundle, "rounding"),
            )
            probes = pipeline.read_document(exported.bundle, "probes")
            same = digests(probes) == digests(self.read.document("probes"))
            if not same and manifest.skmig == __version__:
                self.problems.append("the probes in the record are not those of the original")
            if not same:
                said = again  # other questions have other answers
            elif digests(again.rounding) != digests(said.rounding):
                self.problems.append("the rounding in the record is not that of the original")
        if carried.UNKNOWN not in state and state != digests(graph):
            self.problems.append("the model in the record is not the original")
        with _whole(self.read.path):
            same_answers = parity.compare(
                said.expected,
                again.expected,
                rtol=manifest.options["rtol"],
                atol=manifest.options["atol"],
                rounding=again.rounding,
            )
        if not same_answers.ok:
            self.problems.append("the outputs in the record are not those of the original")
        return again

    def _ask_original(
        self, planned: pipeline.Planned, said: _Questions
    ) -> tuple[Mapping[str, str], _Questions]:
        """The digests of the original's state, and what it answers to the record's probes."""
        shop, original, settings = (
            self.shops.source,
            planned.request.artifact,
            planned.request.settings,
        )
        names = pipeline.finding_names(planned.facts)
        pipeline.check_trust(original, settings, names, shop.backend)
        answers = self.folder / "expected.skmig"
        with shop.worker(planned.plan.source, "source") as worker:
            shop.progress.step(f"asking {original.name} again")
            for path in (original, *planned.facts.sidecars):
                worker.put(path.name, path)
            worker.put("record.skmig", self.read.path)
            worker.call(
                "predict",
                artifact=original.name,
                bundle="record.skmig",
                out="expected.skmig",
                code=pipeline.put_code(worker, planned.plan.source),
                encoding=planned.plan.encoding,
                reader=planned.plan.reader,
                allow=self.allow,
                strict=False,
            )
            worker.get("expected.skmig", answers)
        expected = pipeline.read_document(answers, "actual")
        state = pipeline.read_document(answers, "state")
        return state, dataclasses.replace(said, expected=expected)


@dataclass(frozen=True, kw_only=True)
class _Questions:
    """A bundle with probes, and what the source answers to them."""

    bundle: Path
    expected: Any
    rounding: Any


@contextlib.contextmanager
def _whole(place: Path) -> Iterator[None]:
    """What no rule and no comparison can work with was not written by skmig, whatever its seal."""
    try:
        yield
    except SkmigError:
        raise
    except Exception as exc:
        raise UnreadableError(
            f"what is in the record `{place.name}` does not fit together",
            causes=(f"{type(exc).__name__}: {exc}",),
            hint="restore the record from where it was stored, or migrate the original again",
        ) from exc


class _OtherPackagesError(Exception):
    """The environment has other packages than the record, and can be made again with those."""


def _loosened(manifest: record.Manifest) -> tuple[str, ...]:
    """What the record allows beyond the defaults."""
    options = manifest.options
    found = [
        f"{name}={options[name]:g} instead of {default:g}"
        for name, default in (("rtol", parity.RTOL), ("atol", parity.ATOL))
        if options[name] > default
    ]
    found += [f"accepted: {name}" for name in options["accept"]]
    found += [f"loss allowed: {text}" for text in manifest.losses]
    found += [f"substitution allowed: {text}" for text in manifest.substitutions]
    return tuple(found)
