"""The payload: reading and writing bundles on the host.

The format itself is the agent's (`skmig.agent.wire`), because it is written there; this package
is the only other place that knows it.
"""

from skmig.agent.digests import ARRAY, digest, digests, is_plain_array, leaves
from skmig.agent.neutral import Name, New, Obj
from skmig.agent.wire import Bundle, WireError, write_bundle
from skmig.payload.process import dump, load

__all__ = [
    "ARRAY",
    "Bundle",
    "Name",
    "New",
    "Obj",
    "WireError",
    "digest",
    "digests",
    "dump",
    "is_plain_array",
    "leaves",
    "load",
    "write_bundle",
]
