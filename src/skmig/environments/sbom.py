"""The bill of materials of an image, as CycloneDX JSON: what is really in it, read from itself.

The same image gives the same bytes: no random number, and no time but the image's own (or
SOURCE_DATE_EPOCH).
"""

from __future__ import annotations

import datetime
import json
import os
import re
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from skmig.environments import bases, builder, engine, locks
from skmig.errors import EnvironmentFailedError, UsageError

# Runs in the image: Python 3.6, and nothing but the standard library.
_INVENTORY = r"""
import email, glob, json, os, platform, site, subprocess
keys = ("Name", "Version", "License", "License-Expression")
said = {"python": platform.python_version(), "packages": [], "locks": [], "system": []}
for folder in site.getsitepackages():
    for path in sorted(glob.glob(os.path.join(folder, "*.*-info", "METADATA"))):
        with open(path, encoding="utf-8", errors="replace") as handle:
            found = email.message_from_file(handle)
        entry = {key: str(found[key]) for key in keys if found[key]}
        entry["Classifier"] = [str(one) for one in found.get_all("Classifier") or []]
        said["packages"].append(entry)
for path in sorted(glob.glob("/usr/share/skmig/*.lock")):
    with open(path, encoding="utf-8") as handle:
        said["locks"].append(handle.read())
with open("/etc/os-release") as handle:
    lines = [line.strip().partition("=") for line in handle]
said["os"] = {key: value.strip('"') for key, _, value in lines if key}
try:
    shape = "${Package}\t${Version}\t${Architecture}\n"
    out = subprocess.check_output(["dpkg-query", "--show", "--showformat", shape])
    said["system"] = [line.split("\t") for line in out.decode().splitlines()]
except (OSError, subprocess.CalledProcessError):
    pass
print(json.dumps(said))
"""
_LICENSE = "License :: "
_NAMESPACE = uuid.UUID("4a4d8a0c-6a8f-5d5e-9a68-3b6c4b5f7f10")  # of skmig's bills


def require() -> None:
    """Raise UsageError where the library that writes bills is not installed."""
    try:
        import cyclonedx  # noqa: F401
    except ImportError:
        raise UsageError(
            "`--sbom` needs the package `cyclonedx-python-lib`, which is not installed",
            hint="install it with `python -m pip install 'skmig[sbom]'`",
        ) from None


def write(client: Any, image: Any, reference: str, digest: str, folder: Path) -> Path:
    """Write the bill of an image to `folder`, and return its path.

    `digest` is the registry's, or the image's id.  Raises EnvironmentFailedError, EngineError.
    """
    text = bill(image, reference, digest, _inventory(client, str(image.id), reference))
    path = folder / f"{re.sub('[^A-Za-z0-9._-]+', '-', reference)}.cdx.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise EnvironmentFailedError(
            f"the bill of materials `{path}` cannot be written",
            causes=(str(error),),
            hint="give `--sbom` a folder that you may write to",
        ) from error
    return path


def _inventory(client: Any, image: str, reference: str) -> dict[str, Any]:
    try:
        status, said, noise = builder.run_once(client, image, ["python", "-c", _INVENTORY])
    except engine.ENGINE_EXCEPTIONS as error:
        raise engine.failed(error, f"reading what is in image `{reference}`") from error
    if status != 0:
        raise EnvironmentFailedError(
            f"image `{reference}` cannot say what is in it",
            causes=tuple(noise.splitlines()[-4:]),
            hint="build it again: `docker image rm` it, then run the command again",
        )
    found: dict[str, Any] = json.loads(said)
    return found


def bill(image: Any, reference: str, digest: str, inventory: Mapping[str, Any]) -> str:
    """The document, from what the image said about itself."""
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.tool import ToolRepository
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    from skmig.version import __version__

    repository, _, tag = reference.rpartition(":")
    root = Component(
        name=repository,
        version=tag,
        type=ComponentType.CONTAINER,
        bom_ref="image",
        purl=_image_url(repository, digest),
        hashes=_hashes([digest]),
    )
    hashes = _lock_hashes(inventory["locks"])
    parts = [
        _base(image.labels),
        Component(
            name="python",
            version=inventory["python"],
            type=ComponentType.PLATFORM,
            bom_ref="python",
            purl=PackageURL("generic", None, "python", inventory["python"]),
        ),
        *(_package(entry, hashes) for entry in inventory["packages"]),
        *(_system(inventory["os"], *entry) for entry in inventory["system"]),
    ]
    bom = Bom(components=parts, serial_number=uuid.uuid5(_NAMESPACE, f"{reference}@{digest}"))
    bom.metadata.component = root
    bom.metadata.timestamp = _time(str(image.attrs["Created"]))
    bom.metadata.tools = ToolRepository(
        components=[Component(name="skmig", version=__version__, type=ComponentType.APPLICATION)]
    )
    bom.register_dependency(root, parts)
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _time(created: str) -> datetime.datetime:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdecimal():
        return datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
    # nanoseconds are more than Python reads
    whole = re.sub(r"(\.\d{6})\d+", r"\1", created).replace("Z", "+00:00")
    return datetime.datetime.fromisoformat(whole)


def _image_url(repository: str, digest: str) -> Any:
    from packageurl import PackageURL

    where = {"repository_url": repository} if "/" in repository else None
    return PackageURL("oci", None, repository.rpartition("/")[2], digest or None, where)


def _hashes(digests: Iterable[str]) -> list[Any]:
    from cyclonedx.model import HashAlgorithm, HashType

    return [
        HashType(alg=HashAlgorithm.SHA_256, content=digest.removeprefix("sha256:"))
        for digest in digests
        if digest
    ]


def _base(labels: Mapping[str, str]) -> Any:
    from cyclonedx.model.component import Component, ComponentType

    name = labels.get(bases.NAME_LABEL) or "unknown"
    digest = labels.get(bases.DIGEST_LABEL, "")
    repository, _, tag = name.rpartition(":")
    return Component(
        name=repository or name,
        version=tag,
        type=ComponentType.CONTAINER,
        bom_ref="base",
        description="the base image",
        purl=_image_url(repository or name, digest) if digest else None,
        hashes=_hashes([digest or labels.get(bases.ID_LABEL, "")]),
    )


def _package(entry: Mapping[str, Any], hashes: Mapping[tuple[str, str], list[str]]) -> Any:
    from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    name, version = locks.canonical(entry["Name"]), entry["Version"]
    url = PackageURL("pypi", None, name, version)
    known = hashes.get((name, version), [])
    wheels = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(url.to_string()),
        comment="the wheels that the lock allows, one of which is installed",
        hashes=_hashes(known),
    )
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=url.to_string(),
        purl=url,
        licenses=_licenses(entry),
        external_references=[wheels] if known else [],
    )


def _licenses(entry: Mapping[str, Any]) -> list[Any]:
    """What the metadata says: an expression, else the short name of a licence, else classifiers."""
    from cyclonedx.contrib.license.factories import LicenseFactory

    said = entry.get("License-Expression") or entry.get("License") or ""
    if said and "\n" not in said.strip() and said.strip() != "UNKNOWN" and len(said) < 100:
        return [LicenseFactory().make_from_string(said.strip())]
    names = [one for one in entry["Classifier"] if one.startswith(_LICENSE)]
    return [LicenseFactory().make_with_name(one.rpartition(" :: ")[2]) for one in names]


def _system(system: Mapping[str, str], name: str, version: str, machine: str) -> Any:
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    kind = system.get("ID", "debian")
    distro = f"{kind}-{system['VERSION_ID']}" if "VERSION_ID" in system else kind
    url = PackageURL("deb", kind, name, version, {"arch": machine, "distro": distro})
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=url.to_string(),
        purl=url,
    )


def _lock_hashes(texts: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for text in texts:
        for name, version, hashes in locks.read_hashes(text):
            found.setdefault((name, version), []).extend(hashes)
    return {key: sorted(set(hashes)) for key, hashes in found.items()}
