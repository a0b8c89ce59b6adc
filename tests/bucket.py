"""An S3-compatible server for tests: `python -m tests.bucket` prints its address and serves."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import s3fs

BUCKET = "models"


@contextlib.contextmanager
def served() -> Iterator[dict[str, str]]:
    """A server with one empty bucket; gives the environment variables that lead to it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bucket"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[1],
        env={**os.environ, **_KEYS},
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        variables = {**_KEYS, "AWS_ENDPOINT_URL": address}
        make = f"import boto3; boto3.client('s3').create_bucket(Bucket={BUCKET!r})"
        subprocess.run([sys.executable, "-c", make], check=True, env={**os.environ, **variables})
        # clients are kept, and with them the address of a server that is no more
        s3fs.S3FileSystem.clear_instance_cache()
        yield variables
    finally:
        process.kill()
        process.communicate()


_KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def main() -> None:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    # one request at a time: looking and writing are one step, as If-None-Match says on S3
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
