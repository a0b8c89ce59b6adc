"""Verifications for machines: JUnit XML and the summary of a step."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from skmig.errors import UnreadableError
from skmig.verification import Verification, failed
from skmig.verification.junit import junit
from skmig.verification.markdown import markdown

ODD = "a|b<c>&\"'\x00\x1b[31m\n`d`_e_*f*\ud800\ufffe ü €"


def answer(**changes: Any) -> Verification:
    said: dict[str, Any] = {
        "record": Path("m/model.skmig"),
        "result": Path("m/model.pkl"),
        "ok": True,
        "summary": "all is well",
        "seconds": 1.25,
    }
    return Verification(**{**said, **changes})


OUTCOMES = [
    answer(loosened=("rtol=1 instead of 1e-09",), notes=("numpy is 2",)),
    answer(record=Path(f"{ODD}.skmig"), ok=False, summary=ODD, problems=(ODD, "two")),
    failed(Path("other.skmig"), UnreadableError(ODD, causes=("cause",), hint="restore it")),
]


def test_junit_is_xml_that_says_each_record() -> None:
    root = ET.fromstring(junit(OUTCOMES))
    (suite,) = root
    assert suite.attrib == {
        "name": "skmig verify",
        "tests": "3",
        "failures": "1",
        "errors": "1",
        "time": "2.500",
    }
    good, bad, error = suite
    assert good.get("time") == "1.250"
    assert [child.tag for child in good] == ["system-out"]
    assert good[0].text == "all is well\nwith rtol=1 instead of 1e-09\nnote: numpy is 2"
    # what XML cannot say is a replacement character, all else is as it was
    told = ODD.translate(dict.fromkeys(map(ord, "\x00\x1b\ud800\ufffe"), "\ufffd"))
    assert bad.find("failure") is not None
    assert bad[0].text == f"{told}\ntwo"
    assert bad.get("name") == f"{told}.skmig"
    assert error[0].get("type") == "UnreadableError"
    assert error[0].text == f"{told}\ncause\nhint: restore it"


def test_a_cell_of_the_summary_is_one_cell_without_markup() -> None:
    heading, _empty, head, rule, *rows, last, end = markdown(OUTCOMES).split("\n")
    assert (last, end) == ("", "")
    assert heading == "### skmig verify: 1 of 3 records hold"
    assert (head, rule) == ("| record | holds | because |", "|---|---|---|")
    assert len(rows) == 3
    assert rows[0].endswith("| yes | all is well<br>with rtol=1 instead of 1e\\-09 |")
    for row in rows[1:]:
        assert row.replace("\\|", "").count("|") == 4
        assert "| **no** |" in row
        assert "\\<c\\>&amp;" in row
        assert "\\`d\\`" in row
        assert "\x1b" not in row
