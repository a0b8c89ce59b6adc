"""The base image of a build: by its digest, where a registry says which that is."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skmig.environments import engine
from skmig.environments.locks import base_image
from skmig.versions import Release

# Another place for the public images: `mirror.example.org/library`.
REGISTRY_VARIABLE = "SKMIG_BASE_REGISTRY"

# The standard's own names, and one that says the image's id where no registry gives a digest.
NAME_LABEL = "org.opencontainers.image.base.name"
DIGEST_LABEL = "org.opencontainers.image.base.digest"
ID_LABEL = "skmig.base-id"


@dataclass(frozen=True)
class Base:
    """`name` as the Dockerfile has it, the registry's `digest`, or the local image's `id`.

    Both are empty where the image is neither there nor in a registry: the build will say so.
    """

    name: str
    digest: str = ""
    id: str = ""

    @property
    def reference(self) -> str:
        """What to build from."""
        if not self.digest:
            return self.name
        return f"{self.name.rpartition(':')[0]}@{self.digest}"

    @property
    def labels(self) -> dict[str, str]:
        found = {NAME_LABEL: self.name, DIGEST_LABEL: self.digest, ID_LABEL: self.id}
        return {name: value for name, value in found.items() if value}


def said_by(labels: Mapping[str, str]) -> str:
    """The base image that the labels of an image name: by digest, else by its id."""
    name = labels.get(NAME_LABEL, "")
    digest = labels.get(DIGEST_LABEL) or labels.get(ID_LABEL, "")
    return f"{name}@{digest}" if digest else name


def find(client: Any, row: Release) -> Base:
    """The base image of a release, asked for once in a process."""
    registry = os.environ.get(REGISTRY_VARIABLE, "").strip("/")
    return _find(client, f"{registry}/{base_image(row)}" if registry else base_image(row))


@functools.lru_cache(maxsize=64)
def _find(client: Any, name: str) -> Base:
    try:
        return Base(name, digest=str(client.images.get_registry_data(name).id))
    except engine.ENGINE_EXCEPTIONS:
        pass  # no registry, or none that is within reach: then what is here
    try:
        image = client.images.get(name)
    except engine.ENGINE_EXCEPTIONS:
        return Base(name)
    for known in image.attrs.get("RepoDigests") or ():
        repository, _, digest = str(known).rpartition("@")
        if repository == name.rpartition(":")[0]:
            return Base(name, digest=digest)
    return Base(name, id=str(image.id))
