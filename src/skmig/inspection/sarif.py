"""Findings as SARIF 2.1.0, for code scanning (docs.oasis-open.org/sarif/sarif/v2.1.0)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from skmig.errors import SkmigError
from skmig.inspection.facts import Facts, Finding
from skmig.version import __version__

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"dangerous": "error", "unknown": "warning", "odd": "note"}
# rule -> what it says of a file, and how severe code scanning takes it (0 to 10)
_RULES = {
    "dangerous": ("Loading the file runs code, or may.", "9.8"),
    "unknown": ("The file names code that is not known to be safe.", "6.0"),
    "odd": ("The file is not built as the pickle of a model is.", "3.0"),
    "unreadable": ("The file cannot be read, so nothing is known of it.", "7.0"),
}


def document(facts: Iterable[Facts], failed: Iterable[tuple[Path, SkmigError]]) -> dict[str, Any]:
    """One SARIF log with one run."""
    results = [_result(item.path, finding) for item in facts for finding in item.findings]
    results += [_unreadable(path, error) for path, error in failed]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "skmig",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "rules": [_rule(name, *said) for name, said in _RULES.items()],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }


def _rule(name: str, text: str, severity: str) -> dict[str, Any]:
    return {
        "id": f"skmig/{name}",
        "name": name.capitalize(),
        "shortDescription": {"text": text},
        "help": {"text": "Load it in a sandbox only, or ask who made it for a clean one."},
        "defaultConfiguration": {"level": _LEVELS.get(name, "error")},
        "properties": {"security-severity": severity, "tags": ["security", "pickle"]},
    }


def _result(path: Path, finding: Finding) -> dict[str, Any]:
    where = f" ({finding.path})" if finding.path else ""
    made = _plain(path, finding.severity, f"{finding.text}{where}", finding.name)
    location = made["locations"][0]
    location["physicalLocation"]["region"] = {"byteOffset": finding.position, "byteLength": 1}
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.path, "kind": "object"}]
    made["properties"] = {"name": finding.name, "severity": finding.severity}
    return made


def _unreadable(path: Path, error: SkmigError) -> dict[str, Any]:
    return _plain(path, "unreadable", "; ".join((error.message, *error.causes)), "unreadable")


def _plain(path: Path, rule: str, text: str, name: str) -> dict[str, Any]:
    uri = quote(path.as_posix())
    place = path.absolute().as_uri() if path.is_absolute() else uri
    print_ = hashlib.sha256(f"{rule}\0{name}\0{path.as_posix()}".encode("utf-8", "replace"))
    return {
        "ruleId": f"skmig/{rule}",
        "ruleIndex": list(_RULES).index(rule),
        "level": _LEVELS.get(rule, "error"),
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": place}}}],
        "partialFingerprints": {"skmig/v1": print_.hexdigest()},
    }
