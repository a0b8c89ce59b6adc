"""Settings of package indexes go to uv and pip alike, and what is secret in them is never said."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from skmig.environments import indexes

ADDRESS = "https://some%40body:p%40ss-w0rd@example.org/simple"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def test_what_pip_was_told_uv_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", ADDRESS)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://extra.example.org")
    found = indexes.for_uv()
    assert found["UV_DEFAULT_INDEX"] == ADDRESS
    assert found["UV_INDEX"] == "https://extra.example.org"
    monkeypatch.setenv("UV_INDEX_URL", "https://other.example.org")
    assert "UV_DEFAULT_INDEX" not in indexes.for_uv()


def test_what_uv_was_told_pip_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"company={ADDRESS}")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    monkeypatch.setenv("PIP_CERT", "/a/file/of/this/machine.pem")
    assert indexes.for_pip() == {"PIP_INDEX_URL": ADDRESS, "HTTPS_PROXY": "http://proxy:1"}


@pytest.mark.parametrize(
    "said",
    [
        f"GET {ADDRESS}",
        "password p%40ss-w0rd",
        "password p@ss-w0rd",
        "Authorization: Basic " + base64.b64encode(b"some@body:p@ss-w0rd").decode(),
        "url='https://some@body:p@ss-w0rd@example.org'",
    ],
)
def test_a_password_is_not_said_in_any_spelling(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("UV_INDEX", f"https://other.example.org company={ADDRESS}")
    redacted = indexes.redact(said)
    assert "****" in redacted
    for word in ("ss-w0rd", base64.b64encode(b"some@body:p@ss-w0rd").decode()):
        assert word not in redacted


def test_tokens_and_netrc_and_named_passwords(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://t0ken-alone@example.org/simple")
    monkeypatch.setenv("UV_INDEX_COMPANY_PASSWORD", "named-one")
    (tmp_path / "netrc").write_text("machine example.org login me password from-netrc\n")
    assert indexes.redact("t0ken-alone named-one from-netrc") == "**** **** ****"


def test_other_text_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://u:abc@example.org/simple")
    said = "abc stays: it is too short to be cut from words; see https://example.org/a@b"
    assert indexes.redact(said) == said
