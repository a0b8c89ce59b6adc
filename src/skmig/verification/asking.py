"""One record that is whole, and its result, held against each other in the environments."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skmig import inspection, parity, pipeline, plan, record, rows, versions
from skmig.adapters import carried, chain
from skmig.environments import recorded
from skmig.environments.base import EnvironmentSpec, Worker
from skmig.errors import UnsupportedError
from skmig.payload import ARRAY, write_bundle
from skmig.verification import original, trust
from skmig.verification.answer import Options, Shops, Verification
from skmig.verification.original import Questions, whole
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
    spec: EnvironmentSpec = dataclasses.field(default_factory=lambda: EnvironmentSpec(release=""))

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
        with whole(self.read.path):
            adapted = self._adapted(graph)
        questions = Questions.of(self.read)
        if self.options.original is not None:
            questions, odd = original.ask(self.read, questions, self.shops.source, self.options)
            self.problems += odd
        found, state = self._ask(adapted, questions)
        if found.ok and questions.own:
            self._compare_methods(found)
        with whole(self.read.path):
            self._compare_said(found, carried.measure(graph, adapted, state), adapted)
        on_data = self._on_rows()
        name = f"{manifest.result.name} under scikit-learn {manifest.target_environment.release}"
        # what does not hold for the answers is said by their summary
        said = "; ".join([*self.problems, found.summary] if self.problems else [found.summary])
        more = "" if on_data is None else f" On {on_data.words}: {on_data.parity.summary}"
        return Verification(
            record=self.read.path,
            result=self.result,
            ok=found.ok and not self.problems and (on_data is None or on_data.parity.ok),
            summary=f"{name}: {said}{more}",
            problems=tuple(self.problems),
            loosened=_loosened(manifest),
            notes=tuple(self.notes),
            state=self.state,
            parity=found,
            data=None if on_data is None else on_data.parity,
        )

    def _on_rows(self) -> rows.Answer | None:
        """The user's own rows, put to the original and to the result."""
        options = self.options
        if options.data is None:
            if rows.unproven(self.manifest):
                self.problems.append(rows.unproven(self.manifest))
            return None
        asked = rows.Rows(
            data=options.data,
            original=options.original,
            sample=options.sample,
            code=options.code,
            trust=options.trust,
        )
        shops = (self.shops.source, self.shops.target)
        return rows.compare(asked, self.read, self.result, self.spec, shops)

    def _check_trust(self) -> None:
        manifest, facts = self.manifest, inspection.inspect(self.result)
        settings = plan.Settings(
            target=manifest.target_environment.release,
            requirements=manifest.target_environment.requirements,
            code=self.options.code,
            trust=self.options.trust,
        )
        said = (*manifest.options["trust"], *manifest.options["allow"])
        trust.check(self.result, facts, settings, said, self.shops.target.backend)
        # nor may more be made from the record than the result itself consists of
        named = {*facts.third_party, *settings.modules}
        self.allow = tuple(name for name in manifest.options["allow"] if name in named)

    def _adapted(self, graph: Any) -> chain.Adapted:
        """What the rules of today make of the payload: nothing of it is taken from the manifest."""
        manifest = self.manifest
        return chain.adapt(
            graph,
            manifest.source_environment.release,
            manifest.target_environment.release,
            substitution=manifest.options["allow_substitution"],
        )

    def _compare_methods(self, found: parity.Parity) -> None:
        now, then = (
            [(item["path"], item["method"], item["n"], item["shape"]) for item in said["methods"]]
            for said in (found.as_json(), self.manifest.parity)
        )
        if now != then:
            self.problems.append("the record speaks of other methods than those that were compared")

    def _compare_said(
        self, found: parity.Parity, state: carried.State, adapted: chain.Adapted
    ) -> None:
        """Hold what the manifest says of the way against what was found now."""
        manifest = self.manifest
        accept = tuple(manifest.options["accept"])
        data = () if manifest.data is None else manifest.data["parity"]["methods"]
        methods = found.methods + tuple(map(parity.MethodParity.from_json, data))
        asked = dataclasses.replace(found, methods=methods)
        if accept != parity.used(accept, asked, pipeline.documented(adapted)):
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
    def _ask(
        self, adapted: chain.Adapted, questions: Questions
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
        with whole(self.read.path):
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
        self._check_source_lock()
        return spec if self.here else found

    def _check_source_lock(self) -> None:
        """What the source ran in decides nothing here; but what is said of it must be right."""
        fact = self.manifest.source_environment
        if fact.backend == "elsewhere":  # the agent ran where nobody knows of locks
            return
        spec = EnvironmentSpec(release=fact.release, requirements=fact.requirements)
        _spec, odd = recorded.find(spec, fact.lock, fact.packages, self.folder)
        # another skmig may have other locks
        same = self.manifest.skmig == __version__ and not self.here
        (self.problems if same else self.notes).extend(f"in the source, {text}" for text in odd)

    def _run(
        self, spec: EnvironmentSpec, payload: Path | None, probes: Path, final: bool
    ) -> tuple[Path, Path]:
        """Ask the result, and build it once more from the record, in one environment."""
        manifest, shop = self.manifest, self.shops.target
        answers, built = self.folder / "answers.skmig", self.folder / "built.skmig"
        self.spec = spec
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
        here, there = str(hello["python"]), fact.python
        if here != there:
            # machines have other patches of the same Python
            same = here.split(".")[:2] == there.split(".")[:2]
            said = self.notes if same or self.here else self.problems
            said.append(f"Python is {here}, the record has {there}")
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
