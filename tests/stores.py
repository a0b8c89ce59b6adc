"""A real S3-compatible server, as a process of this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def bucket(log: Path) -> Iterator[dict[str, str]]:
    """A server with the bucket `s3://models`; gives the variables by which clients find it."""
    port = free_port()
    variables = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server = str(Path(sys.executable).with_name("moto_server"))
    with log.open("wb") as said:
        process = subprocess.Popen(
            [server, "-H", "127.0.0.1", "-p", str(port)], stdout=said, stderr=said
        )
    try:
        while process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        assert process.poll() is None, log.read_text()
        make = "import boto3; boto3.client('s3').create_bucket(Bucket='models')"
        environment = {**os.environ, **variables}
        subprocess.run([sys.executable, "-c", make], check=True, env=environment)
        yield variables
    finally:
        process.kill()
        process.wait()
