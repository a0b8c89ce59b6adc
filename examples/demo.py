"""`make demo`: the shipped model from 1.1.0 to 1.6.1, and what a plain load would have done."""

import shutil
import sys
import tempfile
from pathlib import Path

from skmig.cli.app import run

EXAMPLE = Path(__file__).with_name("tickets.joblib")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="skmig-demo-") as folder:
        model = Path(shutil.copy(EXAMPLE, folder))
        result = model.with_name("tickets-1.6.1.joblib")
        sys.stdout.write("$ skmig migrate tickets.joblib --from 1.1.0 --to 1.6.1 --compare-naive\n")
        arguments = [str(model), "--from", "1.1.0", "--to", "1.6.1", "--compare-naive", "-v"]
        code = run(["migrate", *arguments])
        if code == 0:
            sys.stdout.write(f"\n$ skmig verify {result.name}\n")
            code = run(["verify", str(result)])
    return code


if __name__ == "__main__":
    sys.exit(main())
