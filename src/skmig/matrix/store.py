"""The results of a run on disk: one file a pair, under a key; a run that was killed goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from skmig.matrix import keys
from skmig.matrix.engine import Cell, Fate


@dataclass(frozen=True, kw_only=True)
class Result:
    """All cells of one pair, and the seconds that they took."""

    source: str
    target: str
    key: str
    seconds: float
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Store:
    """A folder of results."""

    folder: Path

    def path(self, source: str, target: str) -> Path:
        return self.folder / "pairs" / f"{source}_{target}.json"

    def load(self, source: str, target: str, key: str) -> Result | None:
        """The result of a pair; None where there is none that was made by the same `key`."""
        try:
            stored = json.loads(self.path(source, target).read_text("utf-8"))
            if stored["key"] != key:
                return None
            cells = tuple(
                Cell(
                    specimen=specimen,
                    source=source,
                    target=target,
                    fate=Fate(fate),
                    text=text,
                    unlike=tuple(unlike),
                )
                for specimen, fate, text, unlike in stored["cells"]
            )
            seconds = float(stored["seconds"])
        except (OSError, ValueError, KeyError, TypeError):  # damaged is as good as not there
            return None
        return Result(source=source, target=target, key=key, seconds=seconds, cells=cells)

    def save(self, result: Result) -> None:
        """Write a result whole or not at all."""
        document = {
            "key": result.key,
            "seconds": round(result.seconds, 1),
            "cells": [
                [cell.specimen, cell.fate.value, cell.text, list(cell.unlike)]
                for cell in result.cells
            ],
        }
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
        keys.write(self.path(result.source, result.target), text)
