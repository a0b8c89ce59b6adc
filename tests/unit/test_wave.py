"""Migrations of a wave: nobody waits for ever, whoever asks first."""

from __future__ import annotations

import threading
from typing import Any

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


def test_members_that_ask_two_workers_at_once() -> None:
    """As each does for the rows of the user: the last to ask must not count the others twice."""
    for _ in range(20):
        wave, workers = Wave(2), (Worker(), Worker())
        heard: list[tuple[str, Any]] = []

        def ask(room: str, worker: Worker, wave: Wave = wave, heard: Any = heard) -> None:
            reply = wave.call(worker, Asked(job="answer", args={}, room=room))
            heard.append((room, reply.result["answers"]))

        def member(threads: list[threading.Thread], wave: Wave = wave) -> None:
            for thread in threads:
                thread.join()
            wave.leave()

        with wave._changed:  # so that all of them come at the same time
            members = []
            for room in ("one", "two"):
                asking = [
                    threading.Thread(target=ask, args=(room, worker), daemon=True)
                    for worker in workers
                ]
                for thread in asking:
                    thread.start()
                members.append(threading.Thread(target=member, args=(asking,), daemon=True))
                members[-1].start()
        for thread in members:
            thread.join(60)
        assert not [thread for thread in members if thread.is_alive()]
        assert sorted(heard) == [("one", "one")] * 2 + [("two", "two")] * 2


def test_who_leaves_is_not_waited_for() -> None:
    wave, worker = Wave(3), Worker()
    wave.leave()
    heard: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda room=room: heard.append(
                wave.call(worker, Asked(job="x", args={}, room=room)).result
            ),
            daemon=True,
        )
        for room in ("one", "two")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(item["answers"] for item in heard) == ["one", "two"]
