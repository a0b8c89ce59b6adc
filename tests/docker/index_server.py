"""A package index that wants a password, with two small packages of its own.

`skmigprobe` is a wheel; `skmigsource` is a source distribution only, which builds itself.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nLicense: MIT\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_BACKEND = """
import zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "skmigsource-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as archive:
        for path, text in {files!r}.items():
            archive.writestr(path, text)
    return name
"""


def _wheel_files(name: str) -> dict[str, str]:
    folder = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "ANSWER = 42\n",
        f"{folder}/METADATA": _METADATA.format(name=name),
        f"{folder}/WHEEL": _WHEEL,
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{folder}/RECORD"))
    return {**files, f"{folder}/RECORD": record}


def _wheel(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in _wheel_files(name).items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return out.getvalue()


def _source(name: str) -> bytes:
    system = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    files = {
        "pyproject.toml": f'{system}[project]\nname = "{name}"\nversion = "1.0"\n',
        "backend.py": _BACKEND.format(files=_wheel_files(name)),
        "PKG-INFO": _METADATA.format(name=name),
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{name}-1.0/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


FILES = {
    "skmigprobe-1.0-py3-none-any.whl": _wheel("skmigprobe"),
    "skmigsource-1.0.tar.gz": _source("skmigsource"),
}
HASHES = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


@contextmanager
def serving(host: str, user: str, password: str) -> Iterator[tuple[int, list[str]]]:
    """The port of the index, and the paths that it gave away to those who knew the password."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    given: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rstrip("/").rpartition("/")[2]
            if self.headers.get("Authorization") != wanted:
                self._answer(401, b"no", "text/plain")
            elif name in FILES:
                self._answer(200, FILES[name], "application/octet-stream")
            elif re.fullmatch(r"/simple/skmig[a-z]+/", self.path):
                links = "".join(
                    f'<a href="/files/{file}#sha256={HASHES[file]}">{file}</a>'
                    for file in FILES
                    if file.startswith(f"{name}-")
                )
                self._answer(200, links.encode(), "text/html")
            else:
                self._answer(404, b"nothing", "text/plain")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            if status == 200 and self.command == "GET":
                given.append(self.path)
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((host, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port, given
        finally:
            server.shutdown()
