"""A run as JUnit XML, which CI systems show: one test case for each model."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from skmig.fleet.entry import Entry
from skmig.verification.junit import plain


def junit(entries: Sequence[Entry]) -> bytes:
    """What was refused or predicts something else is a failure, what went wrong an error."""
    errors = sum(item.state == "error" for item in entries)
    failures = sum(item.error is not None for item in entries) - errors
    counts = {
        "tests": str(len(entries)),
        "failures": str(failures),
        "errors": str(errors),
        "time": f"{sum(item.seconds for item in entries if item.fresh):.3f}",
    }
    root = ET.Element("testsuites", {"name": "skmig migrate", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": "skmig migrate", **counts})
    for item in entries:
        facts = {
            "classname": f"skmig.migrate.{item.target}",
            "name": plain(item.place),
            "time": f"{item.seconds if item.fresh else 0:.3f}",
        }
        case = ET.SubElement(suite, "testcase", facts)
        if item.error is not None:
            said = {"type": item.error["kind"], "message": plain(item.summary)}
            lines = (item.summary, *item.error["causes"], f"hint: {item.error['hint']}")
            kind = "error" if item.state == "error" else "failure"
            ET.SubElement(case, kind, said).text = plain("\n".join(lines))
        ET.SubElement(case, "system-out").text = plain(item.summary)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"
