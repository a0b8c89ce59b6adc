"""A run as one HTML page that needs nothing else, in the style of the records' pages."""

from __future__ import annotations

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from skmig import record
from skmig.fleet.config import Fleet
from skmig.fleet.entry import Entry, shown
from skmig.fleet.run import Run
from skmig.fleet.summary import sentence
from skmig.record import page as pages
from skmig.version import __version__

_WORST = 20  # models whose answers differ most
_SLOWEST = 5
_LONGEST = 400  # characters of one text
_PATH = re.compile(r"^\S+ \((\w+)\): ")  # `model.steps[1] (SVC): …`, as refusals begin
_QUOTED = re.compile(r"`[^`]*`")
_STATES = (
    ("migrated", "good", "migrated"),
    ("refused", "fair", "refused"),
    ("different", "bad", "with other predictions"),
    ("error", "bad", "failed"),
)
_WORDS = {state: words for state, _mark, words in _STATES}


def page(done: Run, fleet: Fleet) -> str:
    """The page of a run."""
    entries = done.entries
    style = resources.files("skmig.record").joinpath("page.css").read_text("utf-8")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = resources.files("skmig.fleet").joinpath("page.html").read_text("utf-8")
    kind = "yes" if all(item.state == "migrated" for item in entries) else "but"
    if any(item.state in ("different", "error") for item in entries):
        kind = "no"
    return environment.from_string(template).render(
        style=Markup(style),  # noqa: S704 - our own
        policy=pages.policy(style),
        kind=kind,
        sentence=sentence(entries),
        created=record.now().replace("T", " ").replace("+00:00", " UTC"),
        version=__version__,
        file=shown(str(fleet.file)) if fleet.file else "",
        seconds=_duration(done.seconds),
        targets=sorted({item.target for item in entries}),
        sources=sorted(Counter(item.source or "not known" for item in entries).items()),
        states=[
            (mark, words, sum(item.state == state for item in entries))
            for state, mark, words in _STATES
        ],
        verdicts=Counter(item.verdict for item in entries if item.verdict).most_common(),
        reasons=reasons(entries),
        worst=_worst(entries),
        slowest=_slowest(entries),
        models=[_model(item) for item in entries],
    )


def reasons(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Why models were not migrated, the most frequent reason first, with the models of each."""
    found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for item in entries:
        if item.error is not None:
            said = item.error["causes"][:1] or [item.error["message"]]
            found[item.state, _reason(said[0], item)].append(item)
    rows = sorted(found.items(), key=lambda row: (-len(row[1]), row[0]))
    return [
        {
            "state": _WORDS[state],
            "reason": reason,
            "count": len(items),
            "hint": _reason(items[0].error["hint"], items[0]) if items[0].error else "",
            "models": [shown(item.place) for item in items],
        }
        for (state, reason), items in rows
    ]


def _reason(text: str, item: Entry) -> str:
    """The same words for the same reason, whatever the model and the node in it are called."""
    text = _PATH.sub(r"\1: ", text)
    own = {item.place, item.result, item.record}
    own |= {place.replace("\\", "/").rpartition("/")[2] for place in own}

    def unnamed(found: re.Match[str]) -> str:
        return "`…`" if found[0][1:-1] in own else found[0]

    return _QUOTED.sub(unnamed, text)


def _worst(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    differing = [item for item in entries if item.worst]
    differing.sort(key=lambda item: -float(item.worst["max_rel"] or 0))
    return [
        {
            "model": shown(item.place),
            "method": item.worst["method"],
            "verdict": item.worst["verdict"],
            **{
                name: "infinite" if item.worst[name] is None else f"{item.worst[name]:.3g}"
                for name in ("max_abs", "max_rel", "max_ulp")
            },
        }
        for item in differing[:_WORST]
    ]


def _slowest(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    timed = sorted((item for item in entries if item.fresh), key=lambda item: -item.seconds)
    return [(shown(item.place), _duration(item.seconds)) for item in timed[:_SLOWEST]]


def _model(item: Entry) -> dict[str, Any]:
    marks = {state: mark for state, mark, _words in _STATES}
    mark = marks[item.state]
    if item.state == "migrated":
        mark = pages.MARKS.get(item.verdict, "fair")
    return {
        "place": shown(item.place),
        "source": item.source,
        "target": item.target,
        "mark": mark,
        "words": item.verdict.replace("_", " ") or item.state,
        "text": shown(item.result) if item.error is None else item.summary,
        "losses": item.losses,
        "fresh": item.fresh,
    }


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return str(datetime.timedelta(seconds=round(seconds)))


def _visible(value: Any) -> Any:
    if isinstance(value, Markup):
        return value
    text = pages.visible(str(value))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
