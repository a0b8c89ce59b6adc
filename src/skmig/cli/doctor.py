"""`skmig doctor`: is there on this machine what a migration needs?"""

from __future__ import annotations

from skmig.cli import common
from skmig.errors import ENVIRONMENT, MIGRATED


def doctor(
    json: common.Json = False,
    quiet: common.Quiet = False,
    verbose: common.Verbose = False,
    color: common.ColorOption = common.ColorChoice.auto,
) -> int:
    """Look at the engine, disks, Pythons, uv, and which images and environments there are."""
    console = common.console(quiet=quiet, verbose=verbose, json=json, color=color)
    from skmig.environments import doctor as examination

    with console.working("looking"):
        checks = examination.examine()
    well = examination.is_well(checks)
    if json:
        console.document({"ok": well, "checks": [check.as_json() for check in checks]})
    else:
        for check in checks:
            console.data(f"{check.state:4}  {check.name}: {check.text}")
            if verbose:
                for detail in check.details:
                    console.data(f"        {detail}")
            if check.todo:
                console.data(f"      to do: {check.todo}")
    return MIGRATED if well else ENVIRONMENT
