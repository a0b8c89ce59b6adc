"""A short run of the fuzzer, always of the same mutants, and the inputs that it kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.agent.test_hostile_payload import model

from skmig.agent.build import build
from skmig.agent.errors import JobError
from skmig.agent.wire import Bundle, WireError

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "fuzz" / "corpus" / "payloads"


def test_mutants_end_cleanly(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    command = [sys.executable, "-m", "fuzz.payloads", "--count", "1500", "--seed", "7"]
    done = subprocess.run(
        [*command, "--jobs", "1", "--state", str(state)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(state.read_text())["found"]
    assert sum(found.values()) == 1500
    # the mutants reach every layer
    assert min(found[word] for word in ("unreadable", "refused", "predicted")) > 100


def test_the_kept_inputs_end_cleanly() -> None:
    model("tree")
    words = []
    for path in sorted(CORPUS.iterdir()):
        try:
            with Bundle(str(path)) as bundle:
                build(bundle.document("model"))
            words.append("built")
        except (WireError, JobError) as error:
            words.append(type(error).__name__)
    assert len(words) > 30
    assert {"WireError", "JobError"} <= set(words)
