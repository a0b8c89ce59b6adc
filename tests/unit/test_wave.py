"""Migrations of a wave: nobody waits for ever, whoever asks first."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from skmig.environments.base import Reply
from skmig.environments.rooms import Asked, Wave


class Worker:
    """Answers at once: what is asked here is who goes first."""

    inline = False

    def run(self, job: str, args: Any, room: str = "", **_more: Any) -> Reply:
        answers = [one["room"] for one in args["jobs"]] if job == "several" else room
        return Reply(result={"answers": answers}, seconds=0.0)

    def settle(self, job: str, answer: Any, seconds: float, files: Any) -> Reply:
        return Reply(result={"answers": answer}, seconds=seconds)


def together(*tasks: Callable[[], object]) -> None:
    """Run each in a thread; all of them come to an end."""
    threads = [threading.Thread(target=task, daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not [thread for thread in threads if thread.is_alive()]


def test_members_that_ask_two_workers_at_once() -> None:
    """As each does for the rows of the user: the last to ask must not count the others twice."""
    for _ in range(300):
        wave, workers = Wave(2), (Worker(), Worker())
        heard: list[tuple[str, Any]] = []

        def ask(room: str, worker: Worker, wave: Wave = wave, heard: Any = heard) -> None:
            reply = wave.call(worker, Asked(job="answer", args={}, room=room))
            heard.append((room, reply.result["answers"]))

        def member(room: str, wave: Wave = wave, workers: Any = workers, ask: Any = ask) -> None:
            with wave.member(room):
                together(*(lambda worker=worker: ask(room, worker) for worker in workers))

        together(lambda: member("one"), lambda: member("two"))
        assert sorted(heard) == [("one", "one")] * 2 + [("two", "two")] * 2


def test_who_leaves_is_not_waited_for() -> None:
    wave, worker = Wave(3), Worker()
    heard: list[Any] = []

    def ask(room: str) -> None:
        with wave.member(room):
            heard.append(wave.call(worker, Asked(job="x", args={}, room=room)).result)

    def leave() -> None:
        with wave.member("three"):
            pass

    together(lambda: ask("one"), leave, lambda: ask("two"))
    assert sorted(item["answers"] for item in heard) == ["one", "two"]


def test_members_work_one_after_the_other_between_their_jobs() -> None:
    wave, worker = Wave(3), Worker()
    working: list[str] = []
    most = []

    def work(room: str) -> None:
        working.append(room)
        time.sleep(0.01)
        most.append(len(working))
        working.remove(room)

    def member(room: str) -> None:
        with wave.member(room):
            for _ in range(3):
                work(room)
                wave.call(worker, Asked(job="x", args={}, room=room))
            work(room)

    together(*(lambda room=room: member(room) for room in ("one", "two", "three")))
    assert most == [1] * 12


@pytest.mark.parametrize("seed", range(40))
def test_whatever_members_do_all_of_them_end(seed: int) -> None:
    """They ask one worker or both at once, once or several times, and leave when they like."""
    chance = random.Random(seed)
    wave, workers = Wave(4), (Worker(), Worker())
    plans = [[chance.choice(["one", "both", "leave"]) for _ in range(4)] for _ in range(4)]

    def ask(room: str, worker: Worker) -> None:
        for _ in range(chance.randint(1, 3)):
            time.sleep(chance.random() * 0.002)
            wave.call(worker, Asked(job="x", args={}, room=room))

    def member(room: str, plan: list[str]) -> None:
        with wave.member(room):
            for step in plan:
                if step == "leave":
                    return
                if step == "one":
                    ask(room, workers[0])
                else:
                    together(*(lambda worker=worker: ask(room, worker) for worker in workers))

    together(*(lambda i=i, plan=plan: member(str(i), plan) for i, plan in enumerate(plans)))
    assert not wave._turn.locked()
