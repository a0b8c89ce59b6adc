"""A run that is told to end, at every stage: it ends, says so, and leaves nothing."""

from __future__ import annotations

import fcntl
import itertools
import signal

import pytest
from tests.faults.harness import TARGET, Case, Run, chosen, sha256, wait_gone

from skmig.environments import virtual
from skmig.environments.base import EnvironmentSpec

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("faults")]

# what a run says when a stage begins
STAGES = {
    "export": "exporting ",
    "restore": "building ",
    "predict": "questioning ",
    "compare": "comparing ",
    "write": "writing the result",
}
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def is_told_to_end(run: Run, code: int) -> bool:
    """Was the run interrupted?  It may have been at its end, which it then says."""
    ended = run.end()
    assert ended in (0, code), run.err
    if ended:
        assert "error: interrupted: what was not finished is not written" in run.err
    return ended == code


def at_worker(case: Case, run: Run) -> None:
    run.wait_until(lambda: list(case.tmp.glob("skmig-run-*/log")))


@pytest.mark.parametrize(
    ("stage", "number"),
    chosen(
        [
            ("worker", signal.SIGINT),
            ("export", signal.SIGTERM),
            ("predict", signal.SIGHUP),
            ("write", signal.SIGINT),
        ],
        itertools.product(("worker", *STAGES), CODES),
    ),
)
def test_a_signal_at_a_stage(case: Case, stage: str, number: signal.Signals) -> None:
    run = case.migrate()
    at_worker(case, run) if stage == "worker" else run.wait_for(STAGES[stage])
    run.send(number)
    interrupted = is_told_to_end(run, CODES[number])
    assert interrupted or stage in ("compare", "write")
    case.check()
    case.goes_on()


@pytest.mark.parametrize("stage", chosen(["worker", "predict", "write"], ("worker", *STAGES)))
def test_sigkill_and_again(case: Case, stage: str) -> None:
    run = case.migrate()
    at_worker(case, run) if stage == "worker" else run.wait_for(STAGES[stage])
    run.send(signal.SIGKILL)
    assert run.end() in (-signal.SIGKILL, 0)
    # nobody could clean up; the next run does
    again = case.migrate()
    code = again.end()
    assert code == 0 or "is there already" in again.err, again.err
    assert case.whole()
    case.check()


def test_pressing_it_twice(case: Case) -> None:
    run = case.migrate()
    run.wait_for(STAGES["export"])
    for _ in range(5):
        run.send(signal.SIGINT)
    assert is_told_to_end(run, 130)
    case.check()


def test_a_folder_of_models(case: Case) -> None:
    """What is finished stays, what is not is not there: several are on their way at a time."""
    models = case.folder / "models"
    models.mkdir()
    for name in ("a.pkl", "b.pkl", "c.pkl"):
        (models / name).write_bytes(case.model.read_bytes())
    run = case.start("migrate", models, "--to", TARGET, "-o", case.out, "-v")
    run.wait_for("exporting b.pkl")
    run.send(signal.SIGINT)
    assert is_told_to_end(run, 130)
    there = {path.name for path in case.out.iterdir()} if case.out.is_dir() else set()
    pairs = [{f"{name}-{TARGET}.pkl", f"{name}-{TARGET}.skmig"} for name in "abc"]
    assert all(pair <= there or not pair & there for pair in pairs), there
    assert there <= set().union(*pairs)
    wait_gone(case.left)


def test_waiting_for_another_process(case: Case) -> None:
    """Ctrl-C is heard while another process makes the environment that is wanted."""
    cache = case.folder / "cache"
    wanted = virtual.folder_name(EnvironmentSpec(release="1.1.0"))
    lock = cache / "environments" / f"{wanted}.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        run = case.migrate(variables={"SKMIG_CACHE": str(cache)})
        run.wait_for("waiting for another process")
        run.send(signal.SIGINT)
        assert is_told_to_end(run, 130)
    wait_gone(case.left)
    assert not case.whole()


COMMANDS = {
    "check": (("check", "{model}", "--to", TARGET, "-v"), "exporting "),
    "export": (("export", "{model}", "-v"), "exporting "),
    "verify": (("verify", "{out}", "--jobs", "2", "-v"), "asking "),
    "original": (("verify", "{out}", "--original", "{model}", "-v"), "exporting "),
    "matrix": (
        ("matrix", "--pairs", f"1.1.0:{TARGET}", "--results", "{out}/matrix", "-v"),
        "starting scikit-learn",
    ),
}


@pytest.mark.parametrize("name", chosen(["check", "verify", "matrix"], COMMANDS))
def test_other_commands(case: Case, name: str) -> None:
    words, line = COMMANDS[name]
    if name in ("verify", "original"):
        first = case.migrate()
        assert first.end() == 0, first.err
    named = {"model": str(case.model), "out": str(case.out)}
    run = case.start(*(word.format(**named) for word in words))
    run.wait_for(line)
    run.send(signal.SIGINT)
    run.send(signal.SIGINT)
    assert is_told_to_end(run, 130)
    assert sha256(case.model) == case.digest
    wait_gone(case.left)
