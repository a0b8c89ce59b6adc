"""Verifications as JUnit XML, which CI systems show: one test case for each record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from skmig.verification.answer import Verification

# XML 1.0 has no way to say these characters, escaped or not (section 2.2)
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(outcomes: Sequence[Verification]) -> bytes:
    """The document: a record that says no is a failure, one that could not be asked an error."""
    failures = sum(not item.ok and item.error is None for item in outcomes)
    errors = sum(item.error is not None for item in outcomes)
    counts = {
        "tests": str(len(outcomes)),
        "failures": str(failures),
        "errors": str(errors),
        "time": f"{sum(item.seconds for item in outcomes):.3f}",
    }
    root = ET.Element("testsuites", {"name": "skmig verify", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": "skmig verify", **counts})
    for item in outcomes:
        case = ET.SubElement(
            suite,
            "testcase",
            {
                "classname": "skmig.verify",
                "name": plain(str(item.record)),
                "time": f"{item.seconds:.3f}",
            },
        )
        if item.error is not None:
            said = {"type": item.error.kind, "message": plain(item.error.message)}
            ET.SubElement(case, "error", said).text = plain(_details(item))
        elif not item.ok:
            said = {"type": "no", "message": plain(item.summary)}
            ET.SubElement(case, "failure", said).text = plain(_details(item))
        ET.SubElement(case, "system-out").text = plain(_lines(item))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _details(item: Verification) -> str:
    if item.error is not None:
        hint = (f"hint: {item.error.hint}",) if item.error.hint else ()
        return "\n".join((item.error.message, *item.error.causes, *hint))
    differing = () if item.parity is None else item.parity.failures
    texts = (f"{one.path}.{one.method}: {one.text or one.verdict.value}" for one in differing)
    return "\n".join((*item.problems, *texts)) or item.summary


def _lines(item: Verification) -> str:
    loosened = (f"with {text}" for text in item.loosened)
    return "\n".join((item.summary, *loosened, *(f"note: {text}" for text in item.notes)))


def plain(text: str) -> str:
    return _UNSPEAKABLE.sub("\ufffd", text)
