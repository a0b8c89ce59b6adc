"""A run that is told to end, at every stage: it ends, says so, and leaves nothing."""

from __future__ import annotations

import signal

import pytest
from tests.faults.harness import Case, Run

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
    [
        *((stage, signal.SIGINT) for stage in ("worker", *STAGES)),
        ("worker", signal.SIGTERM),
        ("restore", signal.SIGTERM),
        ("predict", signal.SIGHUP),
    ],
)
def test_a_signal_at_a_stage(case: Case, stage: str, number: signal.Signals) -> None:
    run = case.migrate()
    at_worker(case, run) if stage == "worker" else run.wait_for(STAGES[stage])
    run.send(number)
    interrupted = is_told_to_end(run, CODES[number])
    assert interrupted or stage in ("compare", "write")
    case.check()
    case.goes_on()


@pytest.mark.parametrize("stage", ["worker", *STAGES])
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
