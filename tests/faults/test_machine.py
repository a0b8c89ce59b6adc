"""Disks that are full, files that go or change, streams that nobody reads, clocks that jump."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.environments.artifacts import that_runs
from tests.faults.harness import TARGET, Case, chosen
from tests.faults.pickles import and_runs

pytestmark = [pytest.mark.environments, pytest.mark.xdist_group("faults")]


@contextlib.contextmanager
def disk(place: Path, options: str) -> Iterator[Path]:
    """A small disk at `place`; only root can make one."""
    place.mkdir(exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def refused(case: Case, code: int, *said: str, **options: object) -> None:
    """A run that is refused before anything is started, with these words."""
    run = case.migrate(**options)
    assert run.end() == code, run.err
    for text in said:
        assert text in run.err
    assert "exporting" not in run.err


# ------------------------------------------------------------------ full disks
@pytest.mark.parametrize("size", chosen(["40k", "300k"], [f"{n}k" for n in range(4, 800, 36)]))
def test_no_room_for_temporary_files(case: Case, size: str) -> None:
    with disk(case.folder / "small", f"size={size}") as small:
        run = case.migrate(variables={"TMPDIR": str(small)})
        code = run.end()
        assert code in (0, 5), run.err
        if code:
            assert "no space left" in run.err.lower()
            assert "hint:" in run.err
        assert list(small.iterdir()) == []
    assert case.whole() == (code == 0)
    case.check()


def test_no_room_for_the_result(case: Case) -> None:
    with disk(case.folder / "full", "size=8k") as full:
        run = case.migrate("-o", full / "model.pkl")
        assert run.end() == 5
        assert f"`{full / 'model.pkl'}` cannot be written: No space left on device" in run.err
        assert "free some disk space" in run.err
        assert list(full.iterdir()) == []
    case.check()


def test_no_room_for_an_environment(case: Case) -> None:
    with disk(case.folder / "cache", "size=30m") as cache:
        run = case.migrate(variables={"SKMIG_CACHE": str(cache)})
        assert run.end() == 5
        assert "could not be made" in run.err or "cannot be made" in run.err
        assert "free some space" in run.err or "is there space" in run.err
        left = {path.name.rpartition(".")[2] for path in (cache / "environments").iterdir()}
        assert left == {"lock"}
    case.check()


# ------------------------------------------------------------------ outputs
def test_a_folder_that_only_can_be_read(case: Case) -> None:
    with disk(case.folder / "fixed", "ro,size=1m") as fixed:
        run = case.migrate("-o", fixed / "model.pkl")
        assert run.end() == 5
        assert f"`{fixed / 'model.pkl'}` cannot be written: Read-only file system" in run.err
        assert "exporting" not in run.err
    case.check()


def test_outputs_that_are_no_files(case: Case) -> None:
    os.mkfifo(case.result)
    refused(case, 2, "is a device or a pipe")
    run = case.migrate("--force")
    assert run.end() == 2
    assert case.result.is_fifo()
    case.result.unlink()
    case.result.mkdir()
    into = case.migrate()
    assert into.end() == 0
    assert [path.suffix for path in sorted(case.result.iterdir())] == [".pkl", ".skmig"]
    shutil.rmtree(case.result)
    case.result.symlink_to(case.model)
    run = case.migrate("--force")
    assert run.end() == 2
    assert "is the original, which is never replaced" in run.err
    case.result.unlink()
    case.check()


def test_the_folder_is_removed_meanwhile(case: Case) -> None:
    run = case.migrate()
    run.wait_for("exporting")
    case.out.rmdir()
    assert run.end() == 0
    assert case.whole(), "it was made again"
    case.check()


# ------------------------------------------------------------------ the original
@pytest.mark.parametrize("at", ["exporting", "questioning"])
def test_the_original_is_changed_meanwhile(case: Case, at: str) -> None:
    run = case.migrate()
    run.wait_for(at)
    before = case.model.read_bytes()
    case.model.write_bytes(that_runs("raise SystemExit('harm')"))
    assert run.end() == 3
    assert f"`{case.model}` was changed while it was being read" in run.err
    assert "nothing was written" in run.err
    case.model.write_bytes(before)
    assert not case.whole()
    case.check()


def test_the_original_is_removed_meanwhile(case: Case) -> None:
    run = case.migrate()
    run.wait_for("questioning")
    away = case.model.rename(case.folder / "away")
    assert run.end() == 3
    assert "was taken away (No such file or directory) while it was being read" in run.err
    away.rename(case.model)
    assert not case.whole()
    case.check()


# ------------------------------------------------------------------ two at once
def test_two_runs_on_one_output(case: Case) -> None:
    first, second = case.migrate("--force"), case.migrate("--force")
    assert first.end() == 0, first.err
    assert second.end() == 0, second.err
    assert case.whole()
    case.check()


def test_two_runs_without_force(case: Case) -> None:
    runs = [case.migrate(), case.migrate()]
    codes = sorted(run.end() for run in runs)
    assert codes == [0, 2], [run.err for run in runs]
    assert any("is there already" in run.err for run in runs)
    assert case.whole()
    case.check()


def test_a_living_run_is_not_swept(case: Case) -> None:
    first = case.migrate()
    first.wait_for("exporting")
    first.send(signal.SIGSTOP)
    other = case.start("check", case.model, "--to", TARGET)
    assert other.end() in (0, 1), other.err
    first.send(signal.SIGCONT)
    assert first.end() == 0, first.err
    case.check()


# ------------------------------------------------------------------ streams
def test_nobody_reads_the_answer(case: Case) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    run = case.migrate(stdout=writer, stderr=writer)
    os.close(writer)
    assert run.end() == 0
    assert case.whole()
    # the exit code answers, too: never yes for no
    case.result.write_bytes(b"another")
    reader, writer = os.pipe()
    os.close(reader)
    run = case.start("verify", case.record, stdout=writer)
    os.close(writer)
    assert run.end() == 1
    case.result.unlink()
    case.record.unlink()
    case.check()


def test_the_answer_cannot_be_written(case: Case) -> None:
    with Path("/dev/full").open("w") as full:
        run = case.start("inspect", case.model, stdout=full)
        assert run.end() == 5
    assert "the system refused: No space left on device" in run.err


def test_streams_that_are_closed(case: Case) -> None:
    run = case.migrate(before=("sh", "-c", 'exec "$@" >&- 2>&-', "sh"))
    assert run.end() == 0
    assert case.whole()
    case.check()


# ------------------------------------------------------------------ clocks
def test_a_clock_that_jumps(case: Case) -> None:
    """Every look at the wall clock is a day later than the one before; it is 1976; it is 2116."""
    if shutil.which("faketime") is None:
        pytest.skip("no faketime")
    for spec in chosen(["-50y"], ("+0d i86400", "-50y", "+90y")):
        words = ("faketime", "--exclude-monotonic", "-f", spec)
        run = case.migrate("--force", "--timeout", "600", before=words)
        assert run.end() == 0, run.err
        assert case.whole()
        case.check()


# ------------------------------------------------------------------ what jobs do
DOES = {
    "killed": ("import os; os.kill(os.getpid(), 9)", 5, "ran out of memory"),
    "crashed": ("import os; os.kill(os.getpid(), 11)", 6, "crashed: ended by signal 11"),
    "for ever": ("while True: pass", 5, "was not finished after 3 s"),
    "memory": ("x = b'x' * (8 << 30)", 5, "ran out of memory"),
    "disk": (
        "import os; f = open(os.environ['HOME'] + '/x', 'wb')\nwhile True: f.write(bytes(1 << 16))",
        5,
        "no space left for the files of the job `export`",
    ),
}


@pytest.mark.parametrize("name", DOES)
def test_what_a_job_may_meet(case: Case, name: str) -> None:
    code, exit_code, said = DOES[name]
    case.model.write_bytes(and_runs(case.model, code))
    trusted = ("--trust", "builtins")
    memory = ("--memory", "1g") if name == "memory" else ()
    timeout = ("--timeout", "3") if name == "for ever" else ()
    with contextlib.ExitStack() as stack:
        if name == "disk":
            stack.enter_context(disk(case.tmp, "size=20m"))
        run = case.migrate(*trusted, *memory, *timeout)
        assert run.end() == exit_code, run.err
        assert said in run.err
        assert "hint:" in run.err
        assert not case.whole()
        assert list(case.tmp.iterdir()) == []
    assert case.processes() == []
