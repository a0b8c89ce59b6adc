"""The matrix with real environments: a few specimens, there and back, and an interrupted run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from skmig import pipeline
from skmig.cli.app import run
from skmig.environments.base import SilentProgress
from skmig.matrix import Fate, table
from skmig.matrix.store import Result, Store
from skmig.matrix.sweep import Sweep
from skmig.plan import Settings

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("travel")]

ZOO = Path(__file__).parents[1] / "zoo"
OLD, NEW = "1.1.0", "1.6.1"
PAIRS = ((OLD, NEW), (NEW, OLD))
FEW = "^(Ridge@default|TfidfTransformer@default|TargetEncoder@default)$"
NAMES = {"Ridge@default", "TfidfTransformer@default"}


def sweep(shop: pipeline.Workshop, folder: Path, **options: object) -> Sweep:
    return Sweep(
        shop=shop,
        zoo=ZOO,
        store=Store(folder),
        pairs=PAIRS,
        match=FEW,
        **options,  # type: ignore[arg-type]
    )


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    settings = Settings(target="", backend="local")
    heard: list[tuple[str, bool]] = []

    def interrupt(_result: Result, _there: bool) -> None:
        raise KeyboardInterrupt

    def listen(result: Result, there: bool) -> None:
        heard.append((result.source, there))

    with pipeline.workshop(settings, SilentProgress()) as shop:
        first = sweep(shop, tmp_path, said=interrupt)
        with pytest.raises(KeyboardInterrupt):
            first.run()
        assert len(list((tmp_path / "pairs").iterdir())) == 1
        second = sweep(shop, tmp_path, said=listen, jobs=2)
        second.run()
        assert heard == [(OLD, True), (NEW, False)]
        up, down = second.results
        assert {cell.specimen: cell.fate for cell in up.cells}.keys() == NAMES
        assert {cell.fate for cell in up.cells} <= {Fate.IDENTICAL, Fate.CLOSE}
        (refused,) = [cell for cell in down.cells if cell.fate is Fate.REFUSED]
        assert refused.specimen == "TargetEncoder@default"
        assert "does not exist before" in refused.text
        # pairs that run again find what was fitted, and fit nothing
        before = fitted(tmp_path)
        shutil.rmtree(tmp_path / "pairs")
        third = sweep(shop, tmp_path)
        third.run()
        assert fitted(tmp_path) == before
        assert [result.cells for result in third.results] == [up.cells, down.cells]


def fitted(folder: Path) -> dict[Path, int]:
    """What is kept of releases, with the time of writing."""
    files = [path for path in (folder / "releases").rglob("*") if path.is_file()]
    assert len(files) > 4
    return {path: path.stat().st_mtime_ns for path in files}


def test_the_command_writes_a_table_and_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--pairs", f"{OLD}:{NEW}", "--match", FEW, "--zoo", str(ZOO), "--backend", "local"]
    assert run(["matrix", *words, "--results", str(tmp_path), "--json", "--quiet"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is True
    assert said["counts"]["identical"] + said["counts"]["close"] == 2
    made = table.read(Path(said["table"]))
    assert made.pairs == ((OLD, NEW),)
    assert set(made.classes) == {
        "sklearn.linear_model.Ridge",
        "sklearn.feature_extraction.TfidfTransformer",
    }
    assert made.command == f"skmig matrix --pairs {OLD}:{NEW} --match '{FEW}'"
    assert Path(said["page"]).read_text("utf-8").startswith("<!doctype html>")
