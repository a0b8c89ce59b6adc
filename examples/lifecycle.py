"""From training day to rollback: `python -m examples.lifecycle [FOLDER]`.

Trains in 1.1.0, captures, lets the serving environment drift, watches, migrates to 1.6.1, verifies,
promotes, serves, and rolls back.  Everything is real: two environments, a store and a log in one
folder.  docs/lifecycle.md shows what it prints; its tests run it.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import skmig
from examples import train
from skmig.cli.app import run
from skmig.environments import locks, virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress
from skmig.versions import release

OLD, NEW = "1.1.0", "1.6.1"
HERE = Path(__file__).parent


class StoryError(Exception):
    """A step gave another exit code than the story tells."""


def tell(text: str) -> None:
    sys.stdout.write(f"\n# {text}\n")
    sys.stdout.flush()


def command(*words: str, code: int = 0) -> None:
    """A command line of skmig."""
    _show("skmig", *words)
    _expect(run(list(words)), code, words)


def watch_active(*words: str, code: int = 0) -> None:
    """Watch what is active in the store, as cron does."""
    active = 'skmig watch "$(skmig store active --env prod --store store --path)"'
    sys.stdout.write(f"$ {active} {shlex.join(words)}\n")
    sys.stdout.flush()
    path = skmig.open_store("store").active("prod").local()
    _expect(run(["watch", str(path), *words]), code, words)


def python(place: str, script: str, *words: str) -> None:
    """A script in an environment of the folder, where skmig lies without its dependencies."""
    _show(place, script, *words)
    sources = str(Path(skmig.__file__).parents[1])
    done = subprocess.run(
        [place, str(HERE / script), *words],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": sources, "OMP_NUM_THREADS": "1"},
    )
    sys.stdout.write(done.stdout)
    _expect(done.returncode, 0, (script, *words))


def install(*words: str) -> None:
    """Change the packages of the old service, as its next deployment does."""
    line = ("pip", "install", "--python", "old/bin/python", *words)
    _show("uv", *line)
    _uv(*line)


def _show(*words: str) -> None:
    sys.stdout.write(f"$ {shlex.join(words)}\n")
    sys.stdout.flush()


def _uv(*words: str | Path) -> None:
    subprocess.run([locks.find_uv(), "--quiet", *map(str, words)], check=True)


def _expect(found: int, wanted: int, words: tuple[str, ...]) -> None:
    if found != wanted:
        raise StoryError(f"`{shlex.join(words)}` ended with {found}, and not with {wanted}")


def _environments() -> None:
    """`old`, of the folder alone, since it is changed; `new`, which is only used."""
    pinned = virtual.ensure(EnvironmentSpec(release=OLD), SilentProgress())
    _uv("venv", "--no-project", "--python", pinned, "old")
    _uv("pip", "sync", "--python", "old/bin/python", release(OLD).folder / locks.LOCK)
    there = virtual.ensure(EnvironmentSpec(release=NEW), SilentProgress())
    Path("new").symlink_to(there.parents[1], target_is_directory=True)


def story() -> None:
    """All of it, in the working directory, which is empty."""
    _environments()
    texts, _labels = train.tickets()
    Path("tickets.txt").write_text("\n".join(texts) + "\n", "utf-8")
    local = ("--backend", "local")
    prod = ("--env", "prod", "--store", "store")

    tell(f"Training day: scikit-learn {OLD}, on a Python that is too old for skmig itself")
    python("old/bin/python", "train.py", "tickets.joblib")
    command(
        *("capture", "tickets.joblib", "--data", "tickets.txt", *local),
        *("--data-snapshot", "s3://lake/tickets@17"),
    )

    tell("Served where it was trained, it is watched every hour")
    watching = ("watch", "tickets.joblib", "--probes", "--python", "old/bin/python")
    command(*watching)

    tell("A deployment of something else brings a newer scikit-learn: no error, other answers")
    install(f"scikit-learn=={NEW}")
    command(*watching, code=1)

    tell(f"So it moves to {NEW} on purpose; the record of training day knows all that is asked")
    command("migrate", "tickets.joblib", "--to", NEW, *local)
    command("verify", f"tickets-{NEW}.joblib", *local)

    tell("Promoted, served, and watched by what it is asked and what it answers, too")
    command("store", "add", f"tickets-{NEW}.joblib", *prod, "--promote")
    serving = ("new/bin/python", "serve.py", "store", "prod", "log", "tickets.txt")
    python(*serving)
    usual = ("--log", "log", "--baseline", "tickets.skmig")
    watch_active(*usual, "--probes", "--python", "new/bin/python")

    tell("The next model was trained on a day without tickets about deliveries; nobody noticed")
    python("new/bin/python", "train.py", "next.joblib", "account", "billing")
    command("capture", "next.joblib", "--data", "tickets.txt", *local)
    command("store", "add", "next.joblib", *prod, "--promote")
    python(*serving)
    watch_active(*usual, code=1)

    tell("Back to the version before, which is served at once")
    command("store", "rollback", *prod)
    python(*serving)
    command("store", "history", *prod)


def main() -> int:
    with contextlib.ExitStack() as stack:
        folder = sys.argv[1] if len(sys.argv) > 1 else ""
        if not folder:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="skmig-story-"))
        Path(folder).mkdir(exist_ok=True)
        stack.enter_context(contextlib.chdir(folder))
        story()
    return 0


if __name__ == "__main__":
    sys.exit(main())
