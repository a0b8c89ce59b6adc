"""What `skmig inspect` prints."""

import json
import pickle

import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from skmig.cli.inspect import inspect
from skmig.errors import UNREADABLE, UnreadableError


@pytest.fixture
def forest(tmp_path):
    path = tmp_path / "forest.pkl"
    path.write_bytes(pickle.dumps(RandomForestClassifier(n_estimators=5).fit([[0], [1]], [0, 1])))
    return path


def test_a_summary_groups_what_is_alike(forest, capsys):
    assert inspect([forest]) == 0
    out, err = capsys.readouterr()
    assert "sklearn.ensemble._forest.RandomForestClassifier" in out
    assert "model.estimators_[…]  5 × sklearn.tree.DecisionTreeClassifier" in out
    assert "every name in it is known" in out
    assert err == ""


def test_findings_are_shown_with_their_place(tmp_path, capsys):
    path = tmp_path / "evil.pkl"
    path.write_bytes(b"\x80\x02cos\nsystem\nU\x04true\x85R.")
    assert inspect([path]) == 1
    assert "dangerous  at byte 2, model: calls `os.system`" in capsys.readouterr().out


def test_one_document_for_all_files(forest, tmp_path, capsys):
    other = tmp_path / "logistic.pkl"
    other.write_bytes(pickle.dumps(LogisticRegression()))
    broken = tmp_path / "broken.pkl"
    broken.write_bytes(b"hello")
    assert inspect([forest, broken, other], json=True) == UNREADABLE
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    assert document["ok"] is False
    assert [item["path"] for item in document["artifacts"]] == [str(forest), str(other)]
    assert [node["path"] for node in document["artifacts"][1]["estimators"]] == ["model"]
    assert document["failed"][0]["error"]["kind"] == "UnreadableError"


def test_a_single_bad_file_is_the_error_itself(tmp_path):
    with pytest.raises(UnreadableError):
        inspect([tmp_path / "none.pkl"])
