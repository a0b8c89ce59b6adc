"""The files that deploy a cluster: valid by the schemas of their tools, and true to each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from skmig import fleet

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def documents() -> list[dict[str, Any]]:
    return [item for path in FILES for item in yaml.safe_load_all(path.read_text("utf-8"))]


def pods() -> dict[str, dict[str, Any]]:
    """The pods by the name of what makes them."""
    return {
        item["metadata"]["name"]: item["spec"]["template"]["spec"]
        for item in documents()
        if item["kind"] in ("Deployment", "Job")
    }


@pytest.mark.parametrize("version", [kubernetes_validate.latest_version(), "1.31.0"])
def test_manifests_are_what_kubernetes_takes(version: str) -> None:
    assert len(documents()) == 8
    for item in documents():
        kubernetes_validate.validate(item, version, strict=True)


def test_a_mistake_would_be_seen() -> None:
    (workers,) = (item for item in documents() if item["metadata"]["name"] == "skmig-worker")
    workers["spec"]["template"]["spec"]["containers"][0]["imagee"] = "typo"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(workers, kubernetes_validate.latest_version(), strict=True)


def test_no_pod_may_more_than_it_must() -> None:
    for name, pod in pods().items():
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            said = container["securityContext"]
            assert said["readOnlyRootFilesystem"], name
            assert said["capabilities"] == {"drop": ["ALL"]}, name
            assert not said["allowPrivilegeEscalation"], name
            assert container["resources"]["limits"]["memory"], name


def test_all_speak_of_the_same(tmp_path: Path) -> None:
    by_kind = {item["kind"]: item for item in documents()}
    service = by_kind["Service"]
    address = f"tcp://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    (worker,) = pods()["skmig-worker"]["containers"]
    assert address in worker["command"]
    (tmp_path / "skmig.toml").write_text(by_kind["ConfigMap"]["data"]["skmig.toml"])
    said = fleet.read(tmp_path / "skmig.toml")
    assert (said.engine, said.scheduler) == ("dask", address)
    job = pods()["skmig-migrate"]
    (client,) = job["containers"]
    mounts = {item["mountPath"] for item in client["volumeMounts"]}
    assert client["workingDir"] in mounts
    assert said.ledger is not None
    assert str(said.ledger.parent) in mounts
    claim = by_kind["PersistentVolumeClaim"]["metadata"]["name"]
    assert {"persistentVolumeClaim": {"claimName": claim}, "name": "ledger"} in job["volumes"]
    for pod in pods().values():
        for container in pod["containers"]:
            for source in container.get("envFrom", ()):
                assert source["secretRef"]["name"] == by_kind["Secret"]["metadata"]["name"]
    labels = service["spec"]["selector"]
    (scheduler,) = (
        item
        for item in documents()
        if item["kind"] == "Deployment" and item["metadata"]["name"] == "skmig-scheduler"
    )
    assert labels == scheduler["spec"]["template"]["metadata"]["labels"]


def test_compose_is_what_compose_takes(tmp_path: Path) -> None:
    check = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema"]
    check.append("vendor.compose-spec")
    place = DEPLOY / "compose.yaml"
    done = subprocess.run([*check, str(place)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    broken = tmp_path / "compose.yaml"
    broken.write_text(place.read_text("utf-8").replace("restart:", "restarts:"))
    assert subprocess.run([*check, str(broken)], capture_output=True).returncode == 1
    services = yaml.safe_load(place.read_text("utf-8"))["services"]
    assert set(services) == {"scheduler", "worker", "migrate"}
    assert services["worker"]["command"][2] == services["migrate"]["command"][3]
