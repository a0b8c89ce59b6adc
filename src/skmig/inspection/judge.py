"""Turns what the machine and the walk met into findings."""

from __future__ import annotations

from skmig.inspection import known
from skmig.inspection.facts import Finding, Severity
from skmig.inspection.stubs import Global
from skmig.inspection.trace import Trace
from skmig.inspection.tree import Found

# what the machine notes: these run code, or may; the rest is odd
_DANGEROUS = {
    "computed-name",
    "call-of-value",
    "changes-global",
    "code-in-array",
    "forged-dtype",
    "makes-class",
    "nested-pickle",
    "sidecar-path",
    "special-attribute",
}


def functions(trace: Trace, found: Found) -> tuple[str, ...]:
    """Functions that are mentioned as values."""
    return tuple(
        sorted(
            item.full
            for item in trace.globals.values()
            if _mentioned(item, found)
            and known.allowed(item.module, item.name, "mention") != "class"
            and known.allowed(item.module, item.name, "call") is None
            and item.module != "__main__"
            and not item.excused
        )
    )


def findings(trace: Trace, found: Found) -> tuple[Finding, ...]:
    """Everything outside the allowlist, in the order of the file."""
    made = [one for item in trace.globals.values() if (one := _judged(item, found)) is not None]
    for (name, subject), (position, text) in trace.odd.items():
        severity: Severity = "dangerous" if name in _DANGEROUS else "odd"
        full = subject if name == "changes-global" else name
        made.append(Finding(name=full, severity=severity, position=position, text=text))
    made.extend(
        Finding(
            name="distribution-code",
            severity="dangerous",
            position=position,
            text="a scipy distribution carries code that scipy did not write, and runs it",
        )
        for position in found.templates
    )
    for name, position, text in found.odd:
        made.append(Finding(name=name, severity="odd", position=position, text=text))
    return tuple(sorted(made, key=lambda item: (item.position, item.name)))


def _mentioned(item: Global, found: Found) -> bool:
    return item in found.values or not (item.called or item.made)


def _judged(item: Global, found: Found) -> Finding | None:
    uses = []
    if item.called and known.allowed(item.module, item.name, "call") is None:
        uses.append("calls")
    if item.made and known.allowed(item.module, item.name, "make") is None:
        uses.append("makes an object of")
    mentioned = item in found.values or not (item.called or item.made or item.excused)
    if mentioned and known.allowed(item.module, item.name, "mention") is None:
        uses.append("mentions")
    if not uses:
        return None
    verb = " and ".join(uses)
    severity: Severity = "unknown"
    if item.module == "__main__":
        text = (
            f"{verb} `{item.name}` of the script that made the file; its code is not in the file, "
            "give the script with --code"
        )
    elif known.dangerous(item.module) or known.dangerous(item.full):
        severity = "dangerous"
        text = f"{verb} `{item.full}`, which can run code or touch files"
    elif item.module.startswith("sklearn"):
        text = f"{verb} `{item.full}`, which is no class of a model in any known release"
    else:
        text = f"{verb} `{item.full}`: code of another library, which runs when it is loaded"
    path = found.values.get(item) if mentioned else None
    return Finding(
        name=item.full,
        severity=severity,
        position=item.position,
        text=text,
        path=path or found.makers.get(item),
    )
