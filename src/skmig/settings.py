"""What the user asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the user asked for.  Paths are as given; None is 'choose for me'."""

    target: str
    source: str | None = None
    data: Path | None = None
    data_only: bool = False
    sample: int | None = None
    backend: str = "auto"
    format: str | None = None
    rtol: float = 1e-9
    atol: float = 1e-12
    allow_loss: bool = False
    allow_substitution: bool = False
    accept: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    source_requirements: tuple[str, ...] = ()
    target_requirements: tuple[str, ...] = ()
    code: tuple[Path, ...] = ()
    source_lock: Path | None = None
    target_lock: Path | None = None
    timeout: float = 600.0
    memory: int | None = None
    probe_rows: int = 4096
    compare_naive: bool = False
    force: bool = False

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules of the libraries that the user named: `--with` is a word of trust."""
        from skmig.environments import imports  # it takes long to import

        named = self.requirements + self.source_requirements + self.target_requirements
        return imports.modules(named)
