"""Many models: where they are, what was done with them, and how it went."""

from skmig.fleet.config import Fleet, Group, find, named, read
from skmig.fleet.entry import Entry, Task
from skmig.fleet.run import Run, run

__all__ = ["Entry", "Fleet", "Group", "Run", "Task", "find", "named", "read", "run"]
