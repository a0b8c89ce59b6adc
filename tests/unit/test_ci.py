"""The scripts of the GitHub Action and of the GitLab job, run as these run them."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import sklearn
import yaml
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
GITLAB: dict[str, Any] = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text("utf-8"))[".skmig"]
UNITS = sorted((ROOT / "ci" / "systemd").iterdir())
HERE = sklearn.__version__


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a model of the release here in a folder with a space."""
    (tmp_path / "requirements.txt").write_text(f"scikit-learn=={HERE}\n")
    folder = tmp_path / "the models" / "deep"
    folder.mkdir(parents=True)
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    (folder / "own.pkl").write_bytes(pickle.dumps(model))
    return tmp_path


def bash(script: str, folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """As both runners call it: `bash -e -o pipefail`, with the environment's skmig on the path."""
    found = {
        **{name: text for name, text in os.environ.items() if not name.startswith("GITHUB_")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **variables,
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=found,
        capture_output=True,
        text=True,
        check=False,
    )


def step(name: str) -> dict[str, Any]:
    (found,) = [item for item in ACTION["runs"]["steps"] if item.get("name") == name]
    return dict(found)


def action(project: Path, **inputs: str) -> tuple[int, str, str]:
    """The step that runs skmig: its exit code, its output, and the action's `exit-code`."""
    unknown = {name.replace("_", "-") for name in inputs} - ACTION["inputs"].keys()
    assert not unknown
    run = step("Run skmig")
    given = {name: item["default"] for name, item in ACTION["inputs"].items()}
    given |= {name.replace("_", "-"): text for name, text in inputs.items()}
    output = project / "output"
    variables = {"GITHUB_OUTPUT": str(output)}
    for name, text in run["env"].items():
        (wanted,) = re.findall(r"^\$\{\{ inputs\.([a-z-]+) \}\}$", text)
        variables[name] = given[wanted]
    output.unlink(missing_ok=True)
    done = bash(run["run"], project, variables)
    said = output.read_text() if output.exists() else ""
    return done.returncode, done.stdout + done.stderr, said.strip()


# ------------------------------------------------------------------ GitHub
def test_the_action_checks_models(project: Path) -> None:
    code, text, said = action(project, command="check-models", paths="\nthe models\n**/*.pkl\n")
    assert (code, said) == (0, "exit-code=0"), text
    (project / "requirements.txt").write_text("scikit-learn==1.1.0\n")
    for fail_on, expected in (("answer", 1), ("error", 0), ("never", 0)):
        code, text, said = action(project, command="check-models", fail_on=fail_on)
        assert (code, said) == (expected, "exit-code=1")
        assert "run: skmig migrate 'the models/deep/own.pkl' --to 1.1.0" in text
    for fail_on, expected in (("error", 3), ("never", 0)):
        code, text, said = action(project, command="verify", paths="no*.pkl", fail_on=fail_on)
        assert (code, said) == (expected, "exit-code=3")
        assert "no*.skmig" in text
    code, text, _ = action(project, fail_on="sometimes")
    assert (code, "not 'sometimes'" in text) == (2, True)


def test_the_action_hands_on_what_it_is_given(project: Path) -> None:
    arguments = "--from=1.5.2\n--dry-run\n"
    code, text, _ = action(
        project, command="migrate", paths="**/own.pkl", target=HERE, arguments=arguments
    )
    assert code == 0, text
    assert "own.pkl: scikit-learn" in text
    # what is given is a word, and never a part of the script
    harmful = f"$(touch {project}/harmed)`touch {project}/harmed`; touch {project}/harmed"
    names = ("paths", "command", "arguments", "target", "junit")
    action(project, **dict.fromkeys(names, harmful))
    action(project, fail_on=harmful)
    assert not (project / "harmed").exists()


def test_the_action_writes_junit(project: Path) -> None:
    from tests import records

    place = records.written(project)
    code, text, said = action(project, paths=place.name, junit="out/verify.xml")
    assert (code, said) == (1, "exit-code=1"), text  # the result is not there
    assert len(list(ET.parse(project / "out" / "verify.xml").iter("testcase"))) == 1


def test_no_input_is_a_part_of_a_script() -> None:
    for item in ACTION["runs"]["steps"]:
        assert "${{" not in item.get("run", "")
        if "uses" in item:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", item["uses"])
    documented = (ROOT / "docs" / "ci.md").read_text("utf-8")
    for name, item in ACTION["inputs"].items():
        assert f"| `{name}` |" in documented
        assert item["description"]


@pytest.mark.slow
def test_the_installing_step(project: Path, tmp_path: Path) -> None:
    """pip installs this source; what it needs is here already, and found by PYTHONPATH."""
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    source = tmp_path / "source"
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        source.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source)
    for name in ("src", "images", "docs/matrix"):
        shutil.copytree(
            ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "census.json")
        )
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    found = {"PYTHONPATH": packages, "PATH": path}
    variables = {"SKMIG_PACKAGE": "", "GITHUB_ACTION_PATH": str(source)}
    script = step("Install skmig")["run"]
    done = bash(script, project, found | variables)
    assert done.returncode == 0, done.stdout + done.stderr
    done = bash(f"{python.with_name('skmig')} check-models", project, found)
    assert done.returncode == 0, done.stdout + done.stderr
    # GitLab's says the same with a default of its own
    (other,) = GITLAB["before_script"]
    assert other == script.strip().replace(":-$GITHUB_ACTION_PATH", "").replace(
        "${SKMIG_PACKAGE}", "$SKMIG_PACKAGE"
    )


# ------------------------------------------------------------------ GitLab
def gitlab(project: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    assert not variables.keys() - GITLAB["variables"].keys()
    given = {**GITLAB["variables"], **variables}
    return bash("\n".join(GITLAB["script"]), project, given)


def test_the_gitlab_job(project: Path) -> None:
    from tests import records

    done = gitlab(project, SKMIG_COMMAND="check-models", SKMIG_PATHS="**/*.pkl")
    assert done.returncode == 0, done.stderr
    done = gitlab(
        project,
        SKMIG_COMMAND="migrate",
        SKMIG_PATHS="the models",
        SKMIG_TARGET=HERE,
        SKMIG_ARGUMENTS="--dry-run\n--from=1.5.2",
    )
    assert done.returncode == 0, done.stderr
    (project / "requirements.txt").write_text("scikit-learn==1.1.0\n")
    assert gitlab(project, SKMIG_COMMAND="check-models").returncode == 1
    records.written(project)
    assert gitlab(project).returncode == 1
    report = project / GITLAB["artifacts"]["reports"]["junit"]
    assert len(list(ET.parse(report).iter("testcase"))) == 1


# ------------------------------------------------------------------ whole files
@pytest.mark.parametrize(
    ("schema", "name"),
    [("vendor.github-actions", "action.yml"), ("vendor.gitlab-ci", "ci/gitlab.yml")],
)
def test_files_are_of_their_schema(schema: str, name: str) -> None:
    words = ["check-jsonschema", "--builtin-schema", schema, name]
    done = bash(" ".join(words), ROOT, {})
    assert done.returncode == 0, done.stdout


def test_the_action_has_no_known_weakness() -> None:
    done = bash("zizmor --offline --no-progress action.yml", ROOT, {})
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_is_one() -> None:
    done = bash("pre-commit validate-manifest .pre-commit-hooks.yaml", ROOT, {})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_the_units_are_sound(tmp_path: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, UNITS)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    # and it can say no
    broken = tmp_path / UNITS[0].name
    broken.write_text(UNITS[0].read_text().replace("ExecStart=/usr/bin/env", "ExecStart=env-none"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(broken)], capture_output=True, text=True, check=False
    )
    assert done.returncode or done.stderr


def test_the_units_call_the_command_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    from skmig.cli.app import run

    lines = [line for path in UNITS for line in path.read_text().splitlines()]
    (line,) = [item for item in lines if item.startswith("ExecStart=")]
    words = line.partition(" skmig ")[2].replace("%i", "none").split()
    assert run(words) == 3  # every option is known, and there is no such model
    assert "there is no model `/srv/models/none/model.pkl`" in capsys.readouterr().err
    (line,) = [
        item
        for item in (ROOT / "docs" / "watch.md").read_text().splitlines()
        if item.startswith("7 * * * *")
    ]
    assert run(line.partition("bin/skmig ")[2].split()) == 3
