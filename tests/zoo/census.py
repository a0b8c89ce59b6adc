"""Takes the census in each release's own environment: `python -m tests.zoo.census [RELEASE…]`."""

from __future__ import annotations

import json
from typing import Any


def text(release: str, classes: dict[str, Any]) -> str:
    """The content of `images/<release>/census.json`: one line a class, in the order of tags."""
    head = {"GENERATED": f"make census RELEASES={release}", "release": release}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    entries = [f"  {json.dumps(tag)}: {json.dumps(classes[tag])}" for tag in sorted(classes)]
    return "{" + ",\n ".join([*lines, '"classes": {\n' + ",\n".join(entries) + "}}"]) + "\n"
