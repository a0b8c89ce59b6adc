"""Reads artifacts without running them: nothing is imported, nothing is called."""

from skmig.inspection.facts import Facts, Finding, NamedGlobal, Node
from skmig.inspection.reading import inspect

__all__ = ["Facts", "Finding", "NamedGlobal", "Node", "inspect"]
