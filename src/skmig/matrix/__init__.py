"""The matrix: every specimen of a zoo between releases, and what became of it."""

from skmig.matrix.engine import Cell, Engine, Fate, run

__all__ = ["Cell", "Engine", "Fate", "run"]
