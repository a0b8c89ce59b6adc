"""Verify: never yes on a pair that was tampered with; and yes wherever it is true."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from tests.conftest import FITTED_BY
from tests.environments import tampering
from tests.environments.tampering import changed, leaves, resealed, said

import skmig
from skmig import errors, record, versions
from skmig.cli.app import run
from skmig.environments import locks, virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress
from skmig.payload import Bundle, New
from skmig.record.bundle import MEMBERS

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("migrate")]

TARGET, OTHER = "1.6.1", "1.0"
NAME = f"logistic-{TARGET}"


@pytest.fixture(scope="module")
def pair(fitted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a result and its record, and a second pair of another model."""
    folder = tmp_path_factory.mktemp("pair")
    for name in ("logistic.pkl", "texts.pkl"):
        skmig.migrate(
            fitted / name, TARGET, output=folder, backend="local", compare_naive=name[0] == "l"
        )
    return folder


@pytest.fixture
def own(pair: Path, tmp_path: Path) -> Path:
    """The record of a copy of the first pair, which a test may change."""
    for suffix in (".pkl", ".skmig"):
        shutil.copy(pair / f"{NAME}{suffix}", tmp_path)
    return tmp_path / f"{NAME}.skmig"


def verified(
    capsys: pytest.CaptureFixture[str], *words: str | Path
) -> tuple[int, list[dict[str, Any]]]:
    """What `skmig verify --json` answers: its exit code and records."""
    code = run(["verify", *map(str, words), "--json", "--backend", "local"])
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] == (code == 0)
    return code, document["records"]


def python_of(release: str) -> Path:
    return virtual.ensure(EnvironmentSpec(release=release), SilentProgress())


# ------------------------------------------------------------------ what holds
def test_what_holds_is_yes(pair: Path, fitted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record_of = pair / f"{NAME}.skmig"
    digest = record.sha256(record_of)
    for words in (
        (record_of,),
        (pair / f"{NAME}.pkl", "--original", fitted / "logistic.pkl"),
        (record_of, "--record-sha256", digest),
        (pair, "--jobs", "2"),
    ):
        code, found = verified(capsys, *words)
        assert code == errors.MIGRATED, found
        for item in found:
            assert item["problems"] == item["loosened"] == item["notes"] == []
            assert "bit for bit, what the model in the record becomes" in item["state"]
            assert item["parity"]["ok"]


# ------------------------------------------------------------------ here
def test_the_interpreter_that_serves(
    pair: Path, fitted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = pair / f"{NAME}.pkl"
    words = ("--python", python_of(TARGET))
    for more in ((), ("--original", fitted / "logistic.pkl")):
        code, found = verified(capsys, place, *words, *more)
        assert (code, found[0]["notes"]) == (errors.MIGRATED, [])
    # another release does not speak for it
    code, found = verified(capsys, place, "--python", python_of(OTHER))
    assert code == errors.UNSUPPORTED
    assert found[0]["error"]["hint"].endswith(f"skmig migrate logistic.pkl --to {OTHER}")
    # nor does an interpreter that has none
    code, found = verified(capsys, place, "--python", getattr(sys, "_base_executable", ""))
    assert code == errors.UNSUPPORTED
    assert "there is none here" in found[0]["error"]["message"]


def test_here_is_the_interpreter_that_skmig_runs_in(
    fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import sklearn

    release = versions.release(sklearn.__version__).version
    skmig.migrate(fitted / "logistic.pkl", release, output=tmp_path, backend="local")
    code, found = verified(capsys, tmp_path, "--here")
    assert code == errors.MIGRATED
    # its packages are not those of the record, and the outputs decide
    assert all("the record has" in note for note in found[0]["notes"])


def test_other_packages_are_noted_here(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    resealed(own, lambda it: it["target_environment"]["packages"].update(pytz="1.0"))
    code, found = verified(capsys, own, "--python", python_of(TARGET))
    assert code == errors.MIGRATED
    assert any("pytz" in note and "the record has 1.0" in note for note in found[0]["notes"])


# ------------------------------------------------------------------ tampering
# What nothing in the record or the result can prove: who claims to have made it, when and with
# what, on which machine, what was allowed to be loaded there, how large differences within the
# tolerance were, and what the original would have done.  Only the record's digest, kept elsewhere,
# protects these.
CLAIMS = {
    ("skmig",),
    ("created",),
    ("user",),
    ("commit",),
    ("source_environment", "backend"),
    ("target_environment", "backend"),
    ("target_environment", "platform"),
    ("target_environment", "python"),  # its patch, which is noted
    ("options", "trust"),
    ("options", "allow"),
    ("naive",),
    ("notes",),
}
MEASURES = {
    "mismatched_labels",
    "max_abs",
    "max_rel",
    "max_ulp",
    "worst_row",
    "notes",
    "accepted",
    "text",
}


def is_claim(path: tuple[Any, ...]) -> bool:
    if path[:2] in CLAIMS or path[:1] in CLAIMS:
        return True
    return path[:2] == ("parity", "methods") and path[3] in MEASURES


def pairs_with(folder: Path, pair: Path, changes: dict[str, Callable[[Path], Any]]) -> Path:
    """A folder of copies of the first pair, each with one change made to its record's path."""
    for name, change in {"untouched": lambda _place: None, **changes}.items():
        (folder / name).mkdir(parents=True)
        for suffix in (".pkl", ".skmig"):
            shutil.copy(pair / f"{NAME}{suffix}", folder / name)
        change(folder / name / f"{NAME}.skmig")
    return folder


def yes_among(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> set[str]:
    _code, found = verified(capsys, folder, *words)
    return {Path(item["record"]).parent.name for item in found if item["ok"]}


@pytest.mark.slow
def test_no_field_of_a_manifest_can_be_changed_alone(
    pair: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = said(pair / f"{NAME}.skmig")
    fields = [
        path for path in leaves(whole) if path[0] not in ("members", "seal", "schema_version")
    ]
    assert len(fields) > 200
    changes: dict[str, Callable[[Path], Any]] = {}
    for path in fields:
        new = changed(whole, path)
        changes[".".join(map(str, path))] = lambda place, new=new: resealed(
            place, lambda it: (it.clear(), it.update(new))
        )
    folder = pairs_with(tmp_path / "all", pair, changes)
    yes = yes_among(capsys, folder)
    assert "untouched" in yes
    surprising = {
        name
        for name in yes - {"untouched"}
        if not any(is_claim(path) for path in fields if ".".join(map(str, path)) == name)
    }
    assert sorted(surprising) == []
    # with its digest at hand not even a claim can be changed
    digest = record.sha256(pair / f"{NAME}.skmig")
    for name in yes - {"untouched"}:
        code, (found,) = verified(capsys, folder / name / f"{NAME}.pkl", "--record-sha256", digest)
        assert code == errors.UNREADABLE, name
        assert "is not the record with the digest" in found["summary"]


def other_documents(pair: Path) -> dict[str, Any]:
    with Bundle(str(pair / f"texts-{TARGET}.skmig")) as bundle:
        return {name: bundle.document(name) for name in bundle.documents()}


def bent(pair: Path, name: str) -> Any:
    """A document of the record with one number of it changed."""
    with Bundle(str(pair / f"{NAME}.skmig")) as bundle:
        document = bundle.document(name)
    if name == "model":
        document.state["coef_"] = document.state["coef_"].copy()
        document.state["coef_"][0, 0] = np.nextafter(document.state["coef_"][0, 0], 1)
    elif name == "expected":
        value = document["model"]["methods"]["predict_proba"]["value"].copy()
        value[3, 1] += 1e-6
        document["model"]["methods"]["predict_proba"]["value"] = value
    else:
        value = document["model"]["input"].copy()
        value[0] += 1
        document["model"]["input"] = value
    return document


def replaced_result(place: Path, change: Callable[[Any], Any]) -> None:
    """Another model as the result, whose digest the record has."""
    script = (
        "import pickle, sys\n"
        "model = pickle.load(open(sys.argv[1], 'rb'))\n"
        "exec(sys.argv[2])\n"
        "pickle.dump(model, open(sys.argv[1], 'wb'))\n"
    )
    result = place.with_suffix(".pkl")
    subprocess.run([str(python_of(TARGET)), "-c", script, str(result), str(change)], check=True)
    fact = record.FileFact.of(result)
    resealed(place, lambda it: it["result"].update(sha256=fact.sha256, size=fact.size))


def looser(it: dict[str, Any]) -> None:
    """A manifest that allows almost anything, and says so wherever it says it."""
    it["options"].update(rtol=1e3, atol=1e3)
    it["parity"].update(rtol=1e3, atol=1e3)
    for name in ("parity", "naive"):
        if it[name]:
            it[name].pop("x", None)


def members(place: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Rewrite the archive without sealing it again."""
    with zipfile.ZipFile(place) as archive:
        held = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(place, "w") as archive:
        for info, content in held.items():
            new = change(info.filename, content)
            if new is not None:
                archive.writestr(info, new)


def member_changes(pair: Path) -> dict[str, Callable[[Path], Any]]:
    """Every member removed, truncated, flipped, and replaced by that of another record."""
    with zipfile.ZipFile(pair / f"texts-{TARGET}.skmig") as archive:
        foreign = {name: archive.read(name) for name in archive.namelist()}
    found: dict[str, Callable[[Path], Any]] = {}
    for name in [*sorted(MEMBERS), "manifest.json"]:
        for how, change in {
            "removed": lambda _content: None,
            "truncated": lambda content: content[: len(content) // 2],
            "flipped": lambda content: content[:-1] + bytes([content[-1] ^ 1]) if content else b"x",
            "foreign": lambda _content, name=name: foreign[name],
        }.items():
            found[f"{name.replace('/', '-')} {how}"] = lambda place, name=name, change=change: (
                members(place, lambda its, old: change(old) if its == name else old)
            )
    return found


@pytest.mark.slow
def test_no_part_of_a_pair_can_be_replaced(
    pair: Path, fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = other_documents(pair)
    changes = member_changes(pair)
    for name in ("model", "expected", "probes"):
        changes[f"another {name}"] = lambda place, name=name: resealed(
            place, documents={name: others[name]}
        )
        changes[f"bent {name}"] = lambda place, name=name: resealed(
            place, documents={name: bent(pair, name)}
        )
        changes[f"bent {name} and loose"] = lambda place, name=name: resealed(
            place, looser, documents={name: bent(pair, name)}
        )
        changes[f"no {name}"] = lambda place, name=name: resealed(place, documents={name: {}})
    changes["all but the model"] = lambda place: resealed(
        place, documents={key: value for key, value in others.items() if key != "model"}
    )
    changes["another result"] = lambda place: shutil.copy(
        pair / f"texts-{TARGET}.pkl", place.with_suffix(".pkl")
    )
    changes["another record"] = lambda place: shutil.copy(pair / f"texts-{TARGET}.skmig", place)
    changes["no result"] = lambda place: place.with_suffix(".pkl").unlink()
    changes["the original"] = lambda place: shutil.copy(
        fitted / "logistic.pkl", place.with_suffix(".pkl")
    )
    changes["a bit of the result"] = lambda place: place.with_suffix(".pkl").write_bytes(
        place.with_suffix(".pkl").read_bytes()[:-1] + b"!"
    )
    for name, code in {
        "one weight": "model.coef_[0, 0] *= 1 + 2e-16 * 2",
        "one setting": "model.C = 2.0",
        "one attribute more": "model.more_ = 1",
        "order of classes": "model.classes_ = model.classes_[::-1].copy()",
        "a class of its own": "import collections; model.more_ = collections.Counter()",
    }.items():
        changes[f"result with {name}"] = lambda place, code=code: replaced_result(place, code)
        changes[f"result with {name} and loose"] = lambda place, code=code: (
            replaced_result(place, code),
            resealed(place, looser),
        )
    folder = pairs_with(tmp_path / "all", pair, changes)
    assert yes_among(capsys, folder) == {"untouched"}


def test_with_the_original_not_even_all_of_it_can_be_replaced(
    pair: Path, fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model and its record that agree in everything, and are not the original's."""
    forged = tmp_path / "forged"
    forged.mkdir()
    original = tmp_path / "logistic.pkl"
    script = (
        "import pickle, sys\n"
        "model = pickle.load(open(sys.argv[1], 'rb'))\n"
        "model.coef_ *= 2\n"
        "pickle.dump(model, open(sys.argv[2], 'wb'))\n"
    )
    python = python_of(skmig.inspect(fitted / "logistic.pkl").release or "")
    words = [str(fitted / "logistic.pkl"), str(original)]
    subprocess.run([str(python), "-c", script, *words], check=True)
    skmig.migrate(original, TARGET, output=forged, backend="local")
    place = forged / f"{NAME}.skmig"
    true = record.FileFact.of(fitted / "logistic.pkl")

    def pretend(it: dict[str, Any]) -> None:
        for name in ("source", "rollback"):
            it[name].update(sha256=true.sha256, size=true.size)

    resealed(
        place,
        pretend,
        facts=lambda it: it["artifact"].update(sha256=true.sha256, size=true.size),
    )
    # this is what the record alone cannot know: SECURITY.md says what protects
    code, _found = verified(capsys, place)
    assert code == errors.MIGRATED
    code, (found,) = verified(capsys, place, "--original", fitted / "logistic.pkl")
    assert code == errors.ANSWER_IS_NO
    assert "the model in the record is not the original" in found["problems"]
    digest = record.sha256(pair / f"{NAME}.skmig")
    code, _found = verified(capsys, place, "--record-sha256", digest)
    assert code == errors.UNREADABLE


def test_rounding_that_forgives_more_is_told_with_the_original(
    own: Path, fitted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Bundle(str(own)) as bundle:
        expected = bundle.document("expected")
    rows = len(expected["model"]["methods"]["predict"]["value"])
    resealed(own, documents={"rounding": {"model": {"decision_function": np.full(rows, 1e9)}}})
    code, (found,) = verified(capsys, own, "--original", fitted / "logistic.pkl")
    assert code == errors.ANSWER_IS_NO
    assert any("rounding" in text for text in found["problems"])


def test_what_loosens_is_shown(
    fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    skmig.migrate(fitted / "logistic.pkl", TARGET, output=tmp_path, backend="local", rtol=1e-3)
    code, (found,) = verified(capsys, tmp_path)
    assert (code, found["loosened"]) == (0, ["rtol=0.001 instead of 1e-09"])
    assert run(["verify", str(tmp_path), "--backend", "local"]) == 0
    assert "with rtol=0.001 instead of 1e-09" in capsys.readouterr().out


def test_a_changed_lock_is_told(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    images = tmp_path / "images"
    for release in (FITTED_BY, TARGET):
        shutil.copytree(versions.images_folder() / release, images / release)
    for file in versions.images_folder().glob("*.t*"):
        shutil.copy(file, images)
    lock = images / TARGET / locks.LOCK
    lock.write_text(lock.read_text("utf-8") + "# another\n", "utf-8")
    monkeypatch.setattr("skmig.versions.images_folder", lambda: images)
    monkeypatch.setattr("skmig.environments.recipes.images_folder", lambda: images)
    code, (found,) = verified(capsys, own)
    assert code == errors.ANSWER_IS_NO
    assert found["problems"] == [
        f"the lock of scikit-learn {TARGET} is not the one that the record was made with"
    ]
    assert found["parity"]["ok"]


def test_a_lock_of_the_user_is_made_again_from_the_record(
    fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    freeze = tmp_path / "freeze.txt"
    pins = locks.read_pins(
        (versions.release(TARGET).folder / locks.LOCK).read_text("utf-8"), locks.LOCK
    )
    freeze.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
    out = tmp_path / "out"
    skmig.migrate(
        fitted / "logistic.pkl", TARGET, output=out / "a.pkl", backend="local", target_lock=freeze
    )
    freeze.unlink()
    code, (found,) = verified(capsys, out)
    assert (code, found["problems"]) == (errors.MIGRATED, [])


# ------------------------------------------------------------------ what must not run
def test_a_result_that_runs_commands_is_not_loaded(
    own: Path, fitted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Harmful:
        def __reduce__(self) -> Any:
            import os

            return os.system, (f"touch '{tmp_path / 'harmed'}'",)

    result = own.with_suffix(".pkl")
    result.write_bytes(pickle.dumps(Harmful()))
    fact = record.FileFact.of(result)

    def pretend(it: dict[str, Any]) -> None:
        it["result"].update(sha256=fact.sha256, size=fact.size)
        it["options"].update(trust=["posix"], allow=["posix", "os"])

    resealed(own, pretend)
    code, (found,) = verified(capsys, own)
    assert code == errors.UNREADABLE
    assert "posix.system" in found["summary"]
    assert not (tmp_path / "harmed").exists()


def test_a_record_cannot_have_commands_run(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from skmig.payload import Name

    harm = New(
        "builtins.reduce",
        {
            "of": Name("function", "os.system"),
            "plain": False,
            "args": (f"touch '{tmp_path / 'harmed'}'",),
            "items": [],
            "pairs": {},
            "state": None,
        },
    )
    allowed = lambda it: it["options"].update(allow=["os", "posix"])  # noqa: E731
    for name in ("model", "probes"):
        resealed(own, allowed, documents={name: {"model": harm}})
        code, _found = verified(capsys, own)
        assert code not in (errors.MIGRATED, errors.BUG)
        assert not (tmp_path / "harmed").exists()


# ------------------------------------------------------------------ for machines
def test_a_folder_for_ci(
    pair: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "with <&> | ü"
    shutil.copytree(pair, folder / "good")
    shutil.copytree(pair, folder / "bad")
    (folder / "bad" / f"{NAME}.pkl").write_bytes(b"other")
    (folder / "bad" / f"texts-{TARGET}.skmig").write_bytes(b"nothing")
    summary, junit = tmp_path / "summary.md", tmp_path / "new" / "junit.xml"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    code, found = verified(capsys, folder, "--junit", junit, "--jobs", "2")
    assert code == errors.UNREADABLE
    assert [item["ok"] for item in found] == [False, False, True, True]
    suite = ET.parse(junit).getroot()[0]
    assert {key: suite.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
    }
    assert [case.get("name") for case in suite] == [item["record"] for item in found]
    assert [child.tag for case in suite for child in case if child.tag != "system-out"] == [
        "failure",
        "error",
    ]
    before, heading, *table = summary.read_text("utf-8").splitlines()
    assert (before, heading) == ("before", "### skmig verify: 2 of 4 records hold")
    rows = [line for line in table if "logistic" in line]
    assert all(line.replace("\\|", "").count("|") == 4 for line in rows)
    assert sum("**no**" in line for line in table) == 2
    assert run(["verify", str(folder), "--backend", "local"]) == errors.UNREADABLE
    out, err = capsys.readouterr()
    assert "2 of 4 records hold" in out
    assert err == ""


def test_the_worst_of_several_records_has_no_digest(
    pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", str(pair), "--record-sha256", "0" * 64]) == errors.USAGE
    assert "cannot have one digest" in capsys.readouterr().err


def test_tampering_without_a_change_is_no_tampering(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tool of these tests writes records that are whole: what they tell is the change."""
    tampering.resealed(own)
    assert verified(capsys, own)[0] == errors.MIGRATED
