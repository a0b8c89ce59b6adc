"""Models and results in a real S3-compatible store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import stores
from tests.documents import checked

from skmig import record, storage
from skmig.cli.app import run
from skmig.errors import StorageError, UnreadableError

pytestmark = [
    pytest.mark.environments,
    pytest.mark.xdist_group("fleet"),
    # of the client's own libraries
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

HERE = "s3://models/"
TOML = """
target = "1.6.1"
backend = "local"
models = ["s3://models/in/**/*.pkl"]
output = "s3://models/out/"
report = "s3://models/pages"
"""


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("s3") / "log"
    with stores.bucket(log) as variables, pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield HERE
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()  # or the next server is asked at this address


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def put(source: Path, place: str) -> None:
    storage.store(source, place, sha256(source))


def test_what_is_stored_is_what_is_read(bucket: str, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(range(256)) * (120 << 10))  # 30 MB: in several parts
    place = f"{bucket}files/big"
    assert storage.look(place) is None
    put(big, place)
    found = storage.look(place)
    assert found is not None
    assert found.size == big.stat().st_size
    assert storage.fetch(place, tmp_path / "again") == sha256(big) == storage.digest(place)
    assert sha256(tmp_path / "again") == sha256(big)
    assert [item.place for item in storage.listing(f"{bucket}files/")] == [place]
    assert [item.stamp for item in storage.listing(f"{bucket}files/b*")] == [found.stamp]
    big.write_bytes(b"less")
    put(big, place)
    after = storage.look(place)
    assert after is not None
    assert after.stamp != found.stamp
    with pytest.raises(StorageError, match="not what was sent"):
        storage.store(big, place, "0" * 64)
    assert storage.look(place) is None, "what did not arrive whole is not left"
    with pytest.raises(UnreadableError):
        storage.digest(place)
    with pytest.raises(StorageError):
        put(big, "s3://there-is-no-such-bucket/x")


def migrated(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = run(["migrate", "--json", *words])
    said = checked(capsys.readouterr().out, "migrated_fleet")
    return code, {item["place"]: item for item in said["fleet"]["models"]}


def test_from_a_bucket_into_a_bucket(
    bucket: str,
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        put(small / f"1.1.3/model-0000{number}.pkl", f"{bucket}in/a/model-{number}.pkl")
    originals = [item.stamp for item in storage.listing(f"{bucket}in/")]
    (tmp_path / "skmig.toml").write_text(TOML)
    code, first = migrated(capsys)
    assert code == 0
    assert sorted(first) == [f"{bucket}in/a/model-{number}.pkl" for number in range(3)]
    for number, item in enumerate(first.values()):
        assert item["result"] == f"{bucket}out/a/model-{number}-1.6.1.pkl"
        assert storage.digest(item["result"]) == item["result_sha256"]
        assert storage.digest(item["record"]) == item["record_sha256"]
        assert storage.look(item["report"]) is not None
        storage.fetch(item["record"], tmp_path / "model.skmig")
        manifest = record.read(tmp_path / "model.skmig").manifest
        assert manifest.result.sha256 == item["result_sha256"]
        assert manifest.source.name == f"model-{number}.pkl"
    assert [item.stamp for item in storage.listing(f"{bucket}in/")] == originals

    # the same on this machine gives the same
    code = run(
        ["migrate", str(small / "1.1.3"), "--to", "1.6.1", "-o", "here", "--backend", "local", "-q"]
    )
    capsys.readouterr()
    assert code == 0
    for number, item in enumerate(first.values()):
        assert sha256(tmp_path / f"here/model-0000{number}-1.6.1.pkl") == item["result_sha256"]

    storage.remove(first[f"{bucket}in/a/model-1.pkl"]["result"])
    put(small / "1.1.3/model-00004.pkl", f"{bucket}in/a/model-2.pkl")
    code, second = migrated(capsys)
    assert code == 0
    assert [item["fresh"] for item in second.values()] == [False, True, True]
    code, third = migrated(capsys)
    assert not any(item["fresh"] for item in third.values())

    assert run(["verify", "--json"]) == 0
    said = checked(capsys.readouterr().out, "verified")
    assert [item["ok"] for item in said["records"]] == [True] * 3


def test_by_its_uri_alone(
    bucket: str,
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    put(small / "1.1.3/model-00002.pkl", f"{bucket}one/model.pkl")
    (tmp_path / "bad").write_bytes(b"no pickle")
    put(tmp_path / "bad", f"{bucket}one/deep/bad.pkl")
    words = ["--to", "1.6.1", "--backend", "local"]
    code, entries = migrated(capsys, f"{bucket}one/", "-o", f"{bucket}moved/", *words)
    assert code == 3
    assert entries[f"{bucket}one/model.pkl"]["result"] == f"{bucket}moved/model-1.6.1.pkl"
    said = entries[f"{bucket}one/deep/bad.pkl"]["error"]
    assert said["message"] == f"`{bucket}one/deep/bad.pkl` is not a pickle"
    assert not list(storage.listing(f"{bucket}moved/deep/"))
    # without a ledger, what is there is not replaced; into a folder of this machine it goes, too
    code, entries = migrated(capsys, f"{bucket}one/model.pkl", "-o", f"{bucket}moved/", *words)
    assert code == 2
    code, entries = migrated(capsys, f"{bucket}one/model.pkl", "-o", "here", *words)
    assert code == 0
    assert (tmp_path / "here" / "model-1.6.1.skmig").is_file()
    # beside the original, and what is a result is no model
    assert migrated(capsys, f"{bucket}one/model.pkl", *words)[0] == 0
    _code, entries = migrated(capsys, f"{bucket}one/", "-o", f"{bucket}again/", *words)
    assert sorted(entries) == [f"{bucket}one/deep/bad.pkl", f"{bucket}one/model.pkl"]
    assert not (tmp_path / ".skmig").exists()


def test_a_store_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["migrate", "nosuch://bucket/x.pkl", "--to", "1.6.1"]) == 2
    assert "there is no store `nosuch://`" in capsys.readouterr().err
    assert run(["migrate", "s3://models/none/", "--to", "1.6.1"]) in (3, 5)
    assert "Traceback" not in capsys.readouterr().err
