"""The agent with what its interpreter makes of it, so that the next worker need not compile it.

A worker runs from a zip of sources, and Python keeps nothing of what it compiles out of a zip.

Runs on Python 3.6 with the standard library.
"""

import importlib.util
import marshal
import os
import sys
import zipfile

_UNCHECKED = b"\1\0\0\0" + bytes(8)  # PEP 552: no source is compared, so none need be named
_EPOCH = (1980, 1, 1, 0, 0, 0)


def run(args, exchange):
    """Write the archive that this worker runs from to `out`, with what is compiled beside it.

    An interpreter that they are not of, or that knows no such files (3.6), passes them over.
    """
    with zipfile.ZipFile(sys.modules["skmig.agent"].__loader__.archive) as source:
        members = {name: source.read(name) for name in source.namelist()}
    for name, content in sorted(members.items()):
        if sys.version_info >= (3, 7) and name.startswith("skmig/"):
            # a traceback says where it stands in the archive, wherever that is
            code = compile(content, "agent.pyz/" + name, "exec", dont_inherit=True)
            members[name + "c"] = importlib.util.MAGIC_NUMBER + _UNCHECKED + marshal.dumps(code)
    with open(os.path.join(exchange, args["out"]), "wb") as handle:
        with zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED) as archive:
            for name, content in sorted(members.items()):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return {}
