"""A real tracking server of MLflow with its database, as a process of this machine."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

from skmig import record
from skmig.environments import virtual
from skmig.environments.base import EnvironmentSpec, SilentProgress

# the server's, and where results are loaded as their users load them
THREE = EnvironmentSpec(release="1.6.1", requirements=("mlflow==3.17.2",))


def python_of(spec: EnvironmentSpec) -> str:
    return str(virtual.ensure(spec, SilentProgress()))


class Server:
    """MLflow's tracking server with SQLite and its artifacts in a folder."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{port}"
        self.artifacts = folder / "artifacts"
        command = [python_of(THREE), "-m", "mlflow", "server", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--workers", "1"]
        command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
        command += ["--artifacts-destination", str(self.artifacts)]
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
            env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        )
        while not self._answers():
            assert self.process.poll() is None, (folder / "log").read_text()
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health") as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def ask(self, path: str, **body: Any) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.uri}/api/2.0/mlflow/{path}")
        if body:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def delete(self, path: str, **body: Any) -> None:
        request = urllib.request.Request(f"{self.uri}/api/2.0/mlflow/{path}", method="DELETE")
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
        urllib.request.urlopen(request).close()

    def versions(self, name: str) -> dict[str, dict[str, Any]]:
        found = self.ask(f"model-versions/search?filter=name%3D%27{name}%27")
        said = {item["version"]: item for item in found.get("model_versions", [])}
        for item in said.values():
            item["tags"] = {tag["key"]: tag["value"] for tag in item.get("tags", [])}
        return said

    def files(self) -> dict[str, str]:
        below = [item for item in self.artifacts.rglob("*") if item.is_file()]
        return {str(item.relative_to(self.artifacts)): record.sha256(item) for item in below}

    def train(self, spec: EnvironmentSpec, name: str, which: str = "frame") -> str:
        """Register a model from an environment; gives its run."""
        script = Path(__file__).parent / "environments" / "mlflow_train.py"
        done = subprocess.run(
            [python_of(spec), script, "log", self.uri, name, which],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout.split()[-1]

    def close(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()
        self.log.close()
