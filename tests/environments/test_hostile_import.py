"""A payload from a stranger through the whole of `skmig import`: an answer, never a traceback."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.environments.test_migrate import TARGET, Run

from skmig import errors, pipeline
from skmig.adapters import chain
from skmig.errors import SkmigError
from skmig.payload import Bundle, Obj, write_bundle

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("migrate")]

FOREST = "sklearn.ensemble.RandomForestClassifier"
DOCUMENTS = ("model", "probes", "expected", "rounding")


@pytest.fixture
def skmig(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture(scope="module")
def payload(fitted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `skmig export` writes of a forest."""
    from skmig.cli.app import run

    place = tmp_path_factory.mktemp("payload") / "forest.skmig"
    words = ["export", str(fitted / "forest.joblib"), "-o", str(place), "--backend", "local"]
    assert run([*words, "--quiet"]) == 0
    return place


def changed(payload: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The payload with other documents."""
    with Bundle(str(payload)) as bundle:
        documents = {name: bundle.document(name) for name in DOCUMENTS}
        facts = bundle.json("payload.json")
        change(documents)
        write_bundle(str(target), documents, {"payload.json": facts})
    return target


def first(documents: dict[str, Any], tag: str) -> Obj:
    return next(obj for _path, obj in chain.objects(documents["model"]) if obj.tag == tag)


def jump(documents: dict[str, Any]) -> None:
    """A node whose child is far outside: scikit-learn follows it without looking."""
    state = first(documents, "sklearn.tree.Tree").state
    nodes = state["nodes"].copy()
    nodes["left_child"][0] = 10**9
    state["nodes"] = nodes


def lose(documents: dict[str, Any]) -> None:
    del first(documents, FOREST).state["classes_"]


def mistype(documents: dict[str, Any]) -> None:
    first(documents, FOREST).state["estimators_"] = "none"


def lie(documents: dict[str, Any]) -> None:
    """Answers that the model does not give."""
    answers = documents["expected"]["model"]["methods"]
    answers["predict"]["value"] = answers["predict"]["value"][::-1].copy()


def babble(documents: dict[str, Any]) -> None:
    documents["expected"] = {"model": 1}


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (jump, (errors.AGENT, errors.UNREADABLE)),
        (lose, (errors.AGENT, errors.UNREADABLE, errors.ANSWER_IS_NO)),
        (mistype, (errors.AGENT, errors.UNREADABLE)),
        (lie, (errors.ANSWER_IS_NO,)),
        (babble, (errors.UNREADABLE,)),
    ],
)
def test_it_is_refused(
    change: Callable[[dict[str, Any]], None],
    codes: tuple[int, ...],
    payload: Path,
    skmig: Run,
    tmp_path: Path,
) -> None:
    place = changed(payload, tmp_path / "forged.skmig", change)
    code, said = skmig("import", place, "--to", TARGET, "-o", tmp_path / "result.joblib")
    assert code in codes, said
    assert sorted(item.name for item in tmp_path.iterdir()) == ["forged.skmig"]


def test_rules_meet_whatever_a_graph_may_be(payload: Path) -> None:
    """A thousand graphs with something exchanged or left out, over every boundary down and up."""
    chance = random.Random(5)
    stumbled = 0
    for _ in range(1000):
        with Bundle(str(payload)) as bundle:
            graph = bundle.document("model")
        for state, name in chance.sample(list(places(graph)), 3):
            if chance.random() < 0.4:
                state.pop(name, None)
            else:
                state[name] = chance.choice(
                    [None, -1, 10**30, "", "x", (), [], {}, np.zeros((0, 3)), np.nan, b"", graph]
                )
        try:
            with pipeline.data_of("forged"):
                chain.adapt(graph, "1.1.3", chance.choice(["0.19.1", "1.6.1", "1.9.1"]))
        except SkmigError:
            stumbled += 1
    assert stumbled  # or nothing was tried that rules look at


def places(graph: Any) -> Iterator[tuple[dict[str, Any], str]]:
    for _path, obj in chain.objects(graph):
        for name in obj.state:
            yield obj.state, name
