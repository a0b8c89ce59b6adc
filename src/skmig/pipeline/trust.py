"""What may be loaded where there is no sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from skmig import inspection
from skmig.environments.base import Backend
from skmig.errors import (
    UntrustedError,
)
from skmig.plan import Settings


def check_trust(
    artifact: Path, settings: Settings, findings: tuple[str, ...], backend: Backend
) -> None:
    """Outside a sandbox, only an artifact whose every global is known may be loaded.

    Raises UntrustedError, which names each global that the user would have to trust.
    """
    if backend.sandboxed:
        return
    trusted = settings.trust + settings.modules + tuple(_code_modules(settings.code))
    strange = [name for name in findings if not _is_trusted(name, trusted)]
    if strange:
        raise UntrustedError(
            f"`{artifact.name}` names what is not known to be safe: "
            f"{', '.join(strange[:8])}{' …' if len(strange) > 8 else ''}",
            hint="use --backend docker, where it runs in a sandbox, or trust each by name with "
            f"--trust {strange[0].rpartition('.')[0] or strange[0]}",
        )


def finding_names(facts: inspection.Facts) -> tuple[str, ...]:
    """The globals of an artifact that are not on the allowlist."""
    return tuple(sorted({item.name for item in facts.findings}))


def dangers(facts: inspection.Facts) -> tuple[str, ...]:
    return tuple(
        f"the original {item.text}; it did so in the source environment only"
        for item in facts.findings
        if item.severity == "dangerous"
    )


def _is_trusted(name: str, trusted: tuple[str, ...]) -> bool:
    return any(name == item or name.startswith(item + ".") for item in trusted)


def _code_modules(code: tuple[Path, ...]) -> Iterator[str]:
    """What the user handed over with --code is the user's own."""
    for path in code:
        if path.is_dir():
            yield from (
                item.stem for item in path.iterdir() if item.is_dir() or item.suffix == ".py"
            )
        else:
            yield from (path.stem, "__main__")
