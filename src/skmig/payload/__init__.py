"""The payload: reading and writing bundles on the host.

The format itself is the agent's (`skmig.agent.wire`), because it is written there; this package
is the only other place that knows it.
"""

from skmig.agent.neutral import Name, New, Obj
from skmig.agent.wire import Bundle, WireError, write_bundle
from skmig.payload.process import dump, load

__all__ = ["Bundle", "Name", "New", "Obj", "WireError", "dump", "load", "write_bundle"]
